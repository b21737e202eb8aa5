/**
 * Several doubly linked lists over the same numbered slots; a slot is in at most one of them. Slots are appended at
 * the tail, so the head of a list is the one touched longest ago. Typed arrays, no allocation. Internally, slots and
 * lists are numbered from 1, so that the zeros of new arrays mean "none" and untouched memory is not used.
 */
export class SlotLists {
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  readonly #list: Uint8Array;
  readonly #heads: Int32Array;
  readonly #tails: Int32Array;
  readonly #sizes: Int32Array;

  constructor(slots: number, lists: number) {
    this.#next = new Int32Array(slots + 1);
    this.#previous = new Int32Array(slots + 1);
    this.#list = new Uint8Array(slots + 1);
    this.#heads = new Int32Array(lists + 1);
    this.#tails = new Int32Array(lists + 1);
    this.#sizes = new Int32Array(lists + 1);
  }

  /** The slot touched longest ago; -1 when the list is empty. */
  head(list: number): number {
    return (this.#heads[list + 1] as number) - 1;
  }

  size(list: number): number {
    return this.#sizes[list + 1] as number;
  }

  /** The list that holds the slot; -1 when none does. */
  listOf(slot: number): number {
    return (this.#list[slot + 1] as number) - 1;
  }

  /** Moves the slot to the tail of a list, from any other. */
  touch(slot: number, list: number): void {
    this.remove(slot);
    const entry = slot + 1;
    const into = list + 1;
    const tail = this.#tails[into] as number;
    this.#previous[entry] = tail;
    if (tail === 0) this.#heads[into] = entry;
    else this.#next[tail] = entry;
    this.#tails[into] = entry;
    this.#list[entry] = into;
    this.#sizes[into] = (this.#sizes[into] as number) + 1;
  }

  remove(slot: number): void {
    const entry = slot + 1;
    const from = this.#list[entry] as number;
    if (from === 0) return;
    const next = this.#next[entry] as number;
    const previous = this.#previous[entry] as number;
    if (previous === 0) this.#heads[from] = next;
    else this.#next[previous] = next;
    if (next === 0) this.#tails[from] = previous;
    else this.#previous[next] = previous;
    this.#next[entry] = 0;
    this.#previous[entry] = 0;
    this.#list[entry] = 0;
    this.#sizes[from] = (this.#sizes[from] as number) - 1;
  }
}
