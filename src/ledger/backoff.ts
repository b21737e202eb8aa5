/** The longest pause. */
const MAX_PAUSE_TICKS = 32;

/**
 * Spaces attempts out: the first is allowed at once, each later one after twice the pause, until none was needed for a
 * while. It bounds the work where no attempt can succeed, such as on a full disk, or while a second program restores its
 * own file each time. It counts ticks, because a clock may be set.
 */
export class Backoff {
  #pauseTicks = 0;
  #waitedTicks = Number.POSITIVE_INFINITY;

  /** Counts one tick. */
  tick(): void {
    this.#waitedTicks++;
  }

  /** Whether an attempt is allowed now; if so, it counts as made. */
  attempt(): boolean {
    if (this.#waitedTicks < this.#pauseTicks) return false;
    this.#pauseTicks =
      this.#waitedTicks > 2 * MAX_PAUSE_TICKS ? 1 : Math.min(2 * this.#pauseTicks, MAX_PAUSE_TICKS);
    this.#waitedTicks = 0;
    return true;
  }
}
