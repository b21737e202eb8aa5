import { plainName } from './plain-name.ts';

/** Different names that are counted. The texts come from files that others may have written. */
const MAX_NAMES = 256;

const OTHERS = 'others';

/** A name and how often it came. */
export interface NamedCount {
  readonly name: string;
  readonly count: number;
}

/** Counts names. When there are too many, the later ones share one count. */
export class NamedCounts {
  readonly #counts = new Map<string, number>();

  /** Counts the name, and returns it as it is kept. */
  add(name: string, count = 1): string {
    const cut = plainName(name);
    const key = this.#counts.has(cut) || this.#counts.size < MAX_NAMES ? cut : OTHERS;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + count);
    return key;
  }

  /** The names, the most frequent ones first. */
  all(): NamedCount[] {
    return [...this.#counts]
      .map(([name, count]) => ({ name, count }))
      .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
  }

  /** The sum of all counts. */
  get total(): number {
    return this.all().reduce((sum, { count }) => sum + count, 0);
  }
}
