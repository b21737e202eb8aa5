import type { CaptureSource } from '../capture/source.ts';
import type { CapturePlace, FrameNumber } from '../track/capture-place.ts';

/** Comments that a summary has: thousands of files may have one each. */
const MAX_COMMENTS = 16;

/** Tells where the packets of probes lie in the captures. */
export class Places {
  readonly #names: readonly string[];
  /** The comments of captures that were read and have one, by number. */
  readonly #comments = new Map<number, string>();
  #number = -1;
  #source: CaptureSource | null = null;

  /** The names of the captures, in the order in which they are read. */
  constructor(names: readonly string[]) {
    this.#names = names;
  }

  /** The capture with this number, counted from 0, is read from now on. */
  begin(number: number, source: CaptureSource): void {
    this.#number = number;
    this.#source = source;
  }

  /** That capture has been read. */
  end(): void {
    const comment = this.#source?.comment ?? null;
    if (comment !== null) this.#comments.set(this.#number, comment);
    this.#source = null;
  }

  /** Where a frame lies. */
  of({ file, frame }: FrameNumber): CapturePlace {
    const isOpen = this.#source !== null && file === this.#number;
    const comment = (isOpen ? this.#source?.comment : this.#comments.get(file)) ?? null;
    return { file: this.#names[file] as string, frame, comment };
  }

  /** The different comments of the captures, MAX_COMMENTS at most, in the order of the captures. */
  get comments(): readonly string[] {
    return [...new Set(this.#comments.values())].slice(0, MAX_COMMENTS);
  }
}
