const DAY_MS = 86_400_000;

/**
 * Lines a day that forged probes can cause in one file: 250 MB of events, 50 MB of history. A flood that lasts must not
 * fill a disk.
 */
export const PROBE_LINES_PER_DAY = 500_000;

/** Those of blocks and of what else is done against a source. They have their own bound, so that probes cannot use it up. */
export const ACTION_LINES_PER_DAY = 250_000;

/** Allows a number of lines a day, and says once a day that it is reached. A day begins with its first line. */
export class DayBound {
  readonly #maxPerDay: number;
  readonly #tell: (text: string) => void;
  readonly #what: string;
  #count = 0;
  #startMs = Number.NEGATIVE_INFINITY;

  /** `what` names the lines at the start of a sentence; `tell` gets one line for the administrator. */
  constructor(what: string, maxPerDay: number, tell: (text: string) => void) {
    this.#what = what;
    this.#maxPerDay = maxPerDay;
    this.#tell = tell;
  }

  /** Whether one more line may be written at `now` (ms). */
  allows(now: number): boolean {
    if (Math.abs(now - this.#startMs) >= DAY_MS) {
      this.#startMs = now;
      this.#count = 0;
    }
    this.#count++;
    if (this.#count === this.#maxPerDay + 1)
      this.#tell(
        `${this.#what}: ${this.#maxPerDay} lines were written within a day, and no more are until it is over.`,
      );
    return this.#count <= this.#maxPerDay;
  }
}
