/** The second of "so many a second", ms. */
const WINDOW = 1_000;

/**
 * Lets through so many a second and counts the rest, so that a flood costs a bounded amount of disk. How many
 * were refused is told once their second is over.
 */
export class Rate {
  readonly #most: number;
  readonly #tell: (refused: number) => void;
  #start = Number.NEGATIVE_INFINITY;
  #count = 0;
  #refused = 0;

  constructor(most: number, tell: (refused: number) => void) {
    this.#most = most;
    this.#tell = tell;
  }

  /** Whether one more may pass at `now` (ms). */
  allows(now: number): boolean {
    this.tick(now);
    if (this.#count < this.#most) {
      this.#count++;
      return true;
    }
    this.#refused++;
    return false;
  }

  /** Begins a new second if the last one is over; a clock that was set back begins one too. */
  tick(now: number): void {
    if (Math.abs(now - this.#start) < WINDOW) return;
    this.flush();
    this.#start = now;
    this.#count = 0;
  }

  /** Tells what was refused, without waiting for the end of the second. */
  flush(): void {
    const refused = this.#refused;
    this.#refused = 0;
    if (refused > 0) this.#tell(refused);
  }
}
