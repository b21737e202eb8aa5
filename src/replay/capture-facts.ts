import type { FrameBatch } from '../capture/source.ts';

/** Link types that are counted one by one. A pcapng file can claim 65,536 of them. */
const MAX_LINK_TYPES = 64;

/** What one pass over the captures shows of them as files: packets, times and link types. */
export class CaptureFacts {
  packets = 0;
  /** The earliest and the latest time, in ms since the epoch; not finite without packets. */
  first = Number.POSITIVE_INFINITY;
  last = Number.NEGATIVE_INFINITY;
  /** Packets by link type. */
  readonly linkTypes = new Map<number, number>();

  /** Counts the frames of a batch. */
  note(batch: FrameBatch): void {
    const { count } = batch;
    this.packets += count;
    this.#noteTimes(batch);
    // Consecutive frames often have the same type, so the table is used once per run.
    for (let from = 0; from < count; ) {
      const type = batch.linkType[from] as number;
      let to = from + 1;
      while (to < count && batch.linkType[to] === type) to++;
      this.#noteType(type, to - from);
      from = to;
    }
  }

  #noteTimes({ count, time }: FrameBatch): void {
    let { first, last } = this;
    for (let index = 0; index < count; index++) {
      const at = time[index] as number;
      if (at < first) first = at;
      if (at > last) last = at;
    }
    this.first = first;
    this.last = last;
  }

  #noteType(type: number, count: number): void {
    const known = this.linkTypes.get(type);
    if (known !== undefined || this.linkTypes.size < MAX_LINK_TYPES)
      this.linkTypes.set(type, (known ?? 0) + count);
  }
}
