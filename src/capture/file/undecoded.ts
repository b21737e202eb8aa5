import { isDecoded, LINKTYPE_ETHERNET } from '../link-type.ts';
import type { CaptureEnd, CaptureSource, FrameBatch } from '../source.ts';

/** Link types that are named per file. A pcapng file can claim 65,536 of them, too many for one line. */
const MAX_TYPES = 8;

/** Passes on the batches of another source, and counts the frames whose link type has no decoder. */
export class UndecodedFrames implements CaptureSource {
  frames = 0;
  /** Frames whose link type has no decoder. */
  undecoded = 0;
  /** The first few of these link types. */
  readonly types = new Set<number>();
  readonly #source: CaptureSource;

  constructor(source: CaptureSource) {
    this.#source = source;
  }

  get name(): string {
    return this.#source.name;
  }

  get comment(): string | null {
    return this.#source.comment ?? null;
  }

  get position(): number {
    return this.#source.position ?? 0;
  }

  get end(): CaptureEnd | null {
    return this.#source.end;
  }

  async next(): Promise<FrameBatch | null> {
    const batch = await this.#source.next();
    if (batch !== null) this.#count(batch);
    return batch;
  }

  close(): void {
    this.#source.close();
  }

  /** Consecutive frames often have the same type, so the table is used once per run. */
  #count({ count, linkType }: FrameBatch): void {
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
