import { COUNTERS, type Counters } from './plan.ts';

const NOTHING_COUNTED = Object.fromEntries(COUNTERS.map((name) => [name, 0])) as Counters;

/** What the sensor's tables have counted since the start. A new table in the place of another begins at zero. */
export class CounterSums {
  #past = NOTHING_COUNTED;
  #present = NOTHING_COUNTED;
  #loads = 1;

  /** All tables together. */
  get sums(): Counters {
    return sumOf(this.#past, this.#present);
  }

  /**
   * Takes what the table of the `loads`-th load has counted, and how many reports were read before that was asked: so many
   * were reported. What an old table counted between the last look at it and its end nobody knows.
   */
  take(counters: Counters, loads: number, readBefore: number): void {
    if (loads !== this.#loads) this.#past = this.sums;
    this.#loads = loads;
    this.#present = counters;
    const unknown = Math.max(0, readBefore - this.sums.reported);
    this.#past = { ...this.#past, reported: this.#past.reported + unknown };
  }
}

function sumOf(one: Counters, other: Counters): Counters {
  return Object.fromEntries(COUNTERS.map((name) => [name, one[name] + other[name]])) as Counters;
}
