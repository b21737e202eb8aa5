import { mix } from '../net/hash.ts';

const FIRST_SLOTS = 16;

/** How many slots all memories together may hold; shared by all of a tracker's sources. */
export class MemoryBudget {
  #left: number;

  constructor(slots: number) {
    this.#left = slots;
  }

  /** Takes `slots` from what is left; false when there is not so much. */
  take(slots: number): boolean {
    if (slots > this.#left) return false;
    this.#left -= slots;
    return true;
  }

  give(slots: number): void {
    this.#left += slots;
  }
}

/**
 * A small bounded map from 32-bit keys to times: what a source did, and when. It grows by doubling while its
 * bound and the common budget allow, and then keeps what it has.
 */
export class Memory {
  readonly #most: number;
  #keys: Uint32Array;
  #times: Float64Array;
  #size = 0;

  private constructor(most: number) {
    this.#most = most;
    this.#keys = new Uint32Array(FIRST_SLOTS);
    this.#times = new Float64Array(FIRST_SLOTS);
  }

  /** A memory of at most `most` keys; null when the budget is used up. */
  static create(most: number, budget: MemoryBudget): Memory | null {
    return budget.take(FIRST_SLOTS) ? new Memory(most) : null;
  }

  /** Notes the key at `now` (ms) and returns when it was noted last; NaN when it is new. Keys are not 0. */
  note(key: number, now: number, budget: MemoryBudget): number {
    const at = this.#find(key);
    if (this.#keys[at] === key) {
      const last = this.#times[at] as number;
      this.#times[at] = now;
      return last;
    }
    if (this.#size >= this.#most) return Number.NaN;
    if ((this.#size + 1) * 4 > this.#keys.length * 3 && !this.#grow(budget)) return Number.NaN;
    const free = this.#find(key);
    this.#keys[free] = key;
    this.#times[free] = now;
    this.#size++;
    return Number.NaN;
  }

  /** Gives its slots back to the budget; not to be used after it. */
  release(budget: MemoryBudget): void {
    budget.give(this.#keys.length);
  }

  #find(key: number): number {
    const mask = this.#keys.length - 1;
    let slot = mix(key) & mask;
    while (this.#keys[slot] !== 0 && this.#keys[slot] !== key) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(budget: MemoryBudget): boolean {
    const keys = this.#keys;
    const times = this.#times;
    if (!budget.take(keys.length)) return false;
    this.#keys = new Uint32Array(keys.length * 2);
    this.#times = new Float64Array(keys.length * 2);
    for (let slot = 0; slot < keys.length; slot++) {
      const key = keys[slot] as number;
      if (key === 0) continue;
      const at = this.#find(key);
      this.#keys[at] = key;
      this.#times[at] = times[slot] as number;
    }
    return true;
  }
}
