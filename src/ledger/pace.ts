/** The longest pause, in ticks. */
const MAX_PAUSE = 32;

/**
 * Spaces attempts out: the first is made at once, each further one after a pause twice as long, until they have
 * been few for a while. It resists what cannot be won, such as a disk without room, or a second program that puts
 * back its own file each time. Counts ticks, for a clock may be set.
 */
export class Pace {
  #pause = 0;
  #waited = Number.POSITIVE_INFINITY;

  tick(): void {
    this.#waited++;
  }

  /** Whether an attempt may be made now; if so, it counts as made. */
  attempt(): boolean {
    if (this.#waited < this.#pause) return false;
    this.#pause = this.#waited > 2 * MAX_PAUSE ? 1 : Math.min(2 * this.#pause, MAX_PAUSE);
    this.#waited = 0;
    return true;
  }
}
