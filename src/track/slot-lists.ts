const NONE = -1;

/**
 * Several doubly linked lists over the same numbered slots; a slot is in at most one of them. New entries go to
 * the tail, so the head of a list is the one that was touched longest ago. Two typed arrays, no allocation.
 */
export class SlotLists {
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  readonly #list: Int8Array;
  readonly #heads: Int32Array;
  readonly #tails: Int32Array;
  readonly #sizes: Int32Array;

  constructor(slots: number, lists: number) {
    this.#next = new Int32Array(slots).fill(NONE);
    this.#previous = new Int32Array(slots).fill(NONE);
    this.#list = new Int8Array(slots).fill(NONE);
    this.#heads = new Int32Array(lists).fill(NONE);
    this.#tails = new Int32Array(lists).fill(NONE);
    this.#sizes = new Int32Array(lists);
  }

  /** The slot that was touched longest ago; -1 when the list is empty. */
  head(list: number): number {
    return this.#heads[list] as number;
  }

  size(list: number): number {
    return this.#sizes[list] as number;
  }

  /** The list that holds the slot; -1 when none does. */
  listOf(slot: number): number {
    return this.#list[slot] as number;
  }

  /** Puts the slot at the tail of a list, taking it out of where it was. */
  touch(slot: number, list: number): void {
    this.remove(slot);
    const tail = this.#tails[list] as number;
    this.#previous[slot] = tail;
    if (tail === NONE) this.#heads[list] = slot;
    else this.#next[tail] = slot;
    this.#tails[list] = slot;
    this.#list[slot] = list;
    this.#sizes[list] = this.size(list) + 1;
  }

  remove(slot: number): void {
    const list = this.listOf(slot);
    if (list === NONE) return;
    const next = this.#next[slot] as number;
    const previous = this.#previous[slot] as number;
    if (previous === NONE) this.#heads[list] = next;
    else this.#next[previous] = next;
    if (next === NONE) this.#tails[list] = previous;
    else this.#previous[next] = previous;
    this.#next[slot] = NONE;
    this.#previous[slot] = NONE;
    this.#list[slot] = NONE;
    this.#sizes[list] = this.size(list) - 1;
  }
}
