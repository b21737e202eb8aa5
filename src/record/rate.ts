const WINDOW_MS = 1_000;

/**
 * Allows a number of lines per second and counts the rest, so that a flood costs a bounded amount of disk. Reports
 * how many it refused when their second is over.
 */
export class Rate {
  readonly #maxPerSecond: number;
  readonly #report: (refused: number) => void;
  #start = Number.NEGATIVE_INFINITY;
  #count = 0;
  #refused = 0;

  constructor(maxPerSecond: number, report: (refused: number) => void) {
    this.#maxPerSecond = maxPerSecond;
    this.#report = report;
  }

  /** Whether one more may pass at `now` (ms). */
  allows(now: number): boolean {
    this.tick(now);
    if (this.#count < this.#maxPerSecond) {
      this.#count++;
      return true;
    }
    this.#refused++;
    return false;
  }

  /** Begins a new second if the last one is over, or if the clock was set back. */
  tick(now: number): void {
    if (Math.abs(now - this.#start) < WINDOW_MS) return;
    this.flush();
    this.#start = now;
    this.#count = 0;
  }

  /** Reports what it refused without waiting for the end of the second. */
  flush(): void {
    const refused = this.#refused;
    this.#refused = 0;
    if (refused > 0) this.#report(refused);
  }
}
