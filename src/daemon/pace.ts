/** Allows some turns at once, and further ones in even steps, so that what others cause costs a bounded amount of work. */
export class Pace {
  readonly #burst: number;
  readonly #stepMs: number;
  #turns: number;
  #lastMs = Number.NEGATIVE_INFINITY;

  /** `burst` turns at once, and one more each `stepMs`. */
  constructor(burst: number, stepMs: number) {
    this.#burst = burst;
    this.#stepMs = stepMs;
    this.#turns = burst;
  }

  /** Takes a turn at `now` on a monotonic clock (ms); false when none is left yet. */
  take(now: number): boolean {
    const gained = Math.floor((now - this.#lastMs) / this.#stepMs);
    if (gained > 0) {
      this.#turns = Math.min(this.#burst, this.#turns + gained);
      // The rest of a step counts for the next turn, except after a pause that filled everything up.
      this.#lastMs = this.#turns === this.#burst ? now : this.#lastMs + gained * this.#stepMs;
    }
    if (this.#turns === 0) return false;
    this.#turns--;
    return true;
  }
}
