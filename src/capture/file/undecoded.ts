import { isDecoded, LINKTYPE_ETHERNET } from '../link-type.ts';
import type { CaptureEnd, CaptureSource, FrameBatch } from '../source.ts';

/** Link types told of one file, at most: a pcapng file can claim 65,536 of them, and nobody reads such a line. */
const MAX_TYPES = 8;

/** Hands on what another source gives, and notes the frames that nobody will decode for their link type. */
export class UndecodedFrames implements CaptureSource {
  frames = 0;
  /** How many of them have a link type without a decoder, and the first few of these types. */
  undecoded = 0;
  readonly types = new Set<number>();
  readonly #source: CaptureSource;

  constructor(source: CaptureSource) {
    this.#source = source;
  }

  get name(): string {
    return this.#source.name;
  }

  get end(): CaptureEnd | null {
    return this.#source.end;
  }

  async next(): Promise<FrameBatch | null> {
    const batch = await this.#source.next();
    if (batch !== null) this.#note(batch);
    return batch;
  }

  close(): void {
    this.#source.close();
  }

  /** Frames come in runs of one type: the table is asked once a run. */
  #note({ count, linkType }: FrameBatch): void {
    let decoded = LINKTYPE_ETHERNET;
    for (let index = 0; index < count; index++) {
      const type = linkType[index] as number;
      if (type === decoded) continue;
      if (isDecoded(type)) {
        decoded = type;
        continue;
      }
      this.undecoded++;
      if (this.types.size < MAX_TYPES) this.types.add(type);
    }
    this.frames += count;
  }
}
