import { Reason, reasonText } from '../decode/reason.ts';

/** A flood of broken frames is one line per interval. */
const INTERVAL_MS = 60_000;

/** Sums up for the log how many frames could not be decoded, by reason. */
export class UndecodedSum {
  /** The counts by reason in the last line. */
  #reported: ReadonlyMap<number, number> = new Map();
  #last = Number.NEGATIVE_INFINITY;

  /** The line to write at `now` (ms); null when none is due. `counts` are the frames since the start, by reason. */
  line(counts: ReadonlyMap<number, number>, now: number): string | null {
    if (Math.abs(now - this.#last) < INTERVAL_MS) return null;
    const parts: string[] = [];
    for (const [reason, count] of counts) {
      const more = count - (this.#reported.get(reason) ?? 0);
      if (reason !== Reason.none && more > 0) parts.push(`${more} ${reasonText(reason)}`);
    }
    if (parts.length === 0) return null;
    this.#reported = new Map(counts);
    this.#last = now;
    return `Frames that were not decoded: ${parts.join(', ')}.`;
  }
}
