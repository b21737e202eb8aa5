import { MAX_SOURCES } from '../track/source-table.ts';

/** Sources that are remembered: as many as the daemon tracks. The one that was quiet for longest leaves. */
const MAX_OPEN = MAX_SOURCES;

/** What is known of the scan of a source that may go on. */
interface OpenScan {
  /** When the scan that was summed up began, and the probes of that sum; null before there is a sum. */
  first: number | null;
  summed: number;
  /** Probes since then that have an event of their own. */
  single: number;
}

/**
 * Counts each probe once. A daemon writes the first probes of a source one by one, and all of them in the sum of its scan;
 * and a scan that goes on is summed up again as a whole.
 */
export class OpenScans {
  readonly #open = new Map<string, OpenScan>();

  /** A probe of the source has an event of its own. */
  probe(key: string): void {
    const known = this.#open.get(key);
    if (known === undefined) {
      this.#set(key, { first: null, summed: 0, single: 1 });
      return;
    }
    known.single++;
    // Again the newest, unless it is by chance: to move an entry costs more than to count.
    if ((known.single & (known.single - 1)) === 0) this.#renew(key, known);
  }

  /**
   * A scan of the source that began at `first` has this many probes. Returns how many of them were not counted, and
   * whether it is the first sum of this scan.
   */
  scan(key: string, first: number, probes: number): { readonly rest: number; readonly isNew: boolean } {
    const known = this.#open.get(key);
    if (known === undefined) {
      this.#set(key, { first, summed: probes, single: 0 });
      return { rest: probes, isNew: true };
    }
    const isNew = known.first !== first;
    const counted = (isNew ? 0 : known.summed) + known.single;
    known.first = first;
    known.summed = Math.max(probes, isNew ? 0 : known.summed);
    known.single = 0;
    this.#renew(key, known);
    return { rest: Math.max(0, probes - counted), isNew };
  }

  /** The source belongs to a group that was summed up: returns its single probes, which the sum contains. */
  takeSingle(key: string): number {
    const known = this.#open.get(key);
    if (known === undefined) return 0;
    const { single } = known;
    known.single = 0;
    return single;
  }

  #renew(key: string, known: OpenScan): void {
    this.#open.delete(key);
    this.#open.set(key, known);
  }

  #set(key: string, scan: OpenScan): void {
    if (this.#open.size >= MAX_OPEN) {
      const [oldest] = this.#open.keys();
      this.#open.delete(oldest as string);
    }
    this.#open.set(key, scan);
  }
}
