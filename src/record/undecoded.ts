import { Reason, reasonText } from '../decode/reason.ts';

/** How often (ms) it is told what could not be decoded: a flood of broken frames is one line a minute. */
const INTERVAL = 60_000;

/** Sums up, in the words of the log, which frames could not be decoded and why. */
export class UndecodedSum {
  /** Counts by reason when it was told last. */
  #told: ReadonlyMap<number, number> = new Map();
  #last = Number.NEGATIVE_INFINITY;

  /** `counts` by reason since the start; the line to write now (ms), null when there is nothing to say yet. */
  tell(counts: ReadonlyMap<number, number>, now: number): string | null {
    if (Math.abs(now - this.#last) < INTERVAL) return null;
    const parts: string[] = [];
    for (const [reason, count] of counts) {
      const more = count - (this.#told.get(reason) ?? 0);
      if (reason !== Reason.none && more > 0) parts.push(`${more} ${reasonText(reason)}`);
    }
    if (parts.length === 0) return null;
    this.#told = new Map(counts);
    this.#last = now;
    return `Frames that were not decoded: ${parts.join(', ')}.`;
  }
}
