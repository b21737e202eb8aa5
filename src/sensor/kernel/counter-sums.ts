import { type Counters, countersWith } from './plan.ts';

const NOTHING_COUNTED = countersWith(() => 0);

/** What the sensor's tables have counted since the start. A new table in the place of another begins at zero. */
export class CounterSums {
  #past = NOTHING_COUNTED;
  #present = NOTHING_COUNTED;
  #loads = 1;

  /** All tables together. */
  get sums(): Counters {
    return countersWith((name) => this.#past[name] + this.#present[name]);
  }

  /**
   * Takes the counters of the table that stands; `loads` is the number of its load. `readBefore` is how many reports had been
   * read when nft was asked: at least as many were reported. A table may have reported more between the last look at it and
   * its end, and nobody knows how many.
   */
  take(counters: Counters, loads: number, readBefore: number): void {
    if (loads !== this.#loads) this.#past = this.sums;
    this.#loads = loads;
    this.#present = counters;
    const unknown = Math.max(0, readBefore - this.sums.reported);
    this.#past = { ...this.#past, reported: this.#past.reported + unknown };
  }
}
