/** Blocked sources that are remembered; beyond it the longest blocked are forgotten, and would be blocked anew. */
const MAX_BLOCKED = 131_072;

/** Who has been blocked in this run, by canonical address text; outlives the tracker's slots. */
export class BlockedSources {
  readonly #addresses = new Set<string>();

  has(address: string): boolean {
    return this.#addresses.has(address);
  }

  add(address: string): void {
    this.#addresses.delete(address);
    this.#addresses.add(address);
    if (this.#addresses.size <= MAX_BLOCKED) return;
    for (const oldest of this.#addresses) {
      this.#addresses.delete(oldest);
      return;
    }
  }
}
