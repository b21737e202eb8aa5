/** Values that are kept; of more, a sample in which each has the same chance. */
const KEPT = 100_000;

/** Median, 95th percentile and maximum of many values. */
export class Percentiles {
  readonly #values: number[] = [];
  #count = 0;
  #most = 0;

  /** Adds one (Vitter, "Random sampling with a reservoir", algorithm R). */
  add(value: number): void {
    this.#count++;
    this.#most = Math.max(this.#most, value);
    if (this.#values.length < KEPT) this.#values.push(value);
    else {
      const at = Math.floor(Math.random() * this.#count);
      if (at < KEPT) this.#values[at] = value;
    }
  }

  /** Median, 95th percentile and maximum, rounded; no values give none. */
  shown(): number[] {
    if (this.#count === 0) return [];
    const sorted = [...this.#values].sort((a, b) => a - b);
    const at = (share: number) => Math.round(sorted[Math.floor((sorted.length - 1) * share)] as number);
    return [at(0.5), at(0.95), Math.round(this.#most)];
  }
}
