import { MAX_SOURCES } from '../track/source-table.ts';

/** Sources of a generation. A daemon keeps those that come again longer than others, and the events of a week have more. */
const GENERATION_SIZE = 2 * MAX_SOURCES;

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
 * and a scan that goes on is summed up again as a whole. At least as many sources are remembered as the daemon tracks:
 * those that came since a generation of that many began, and those of the generation before.
 */
export class OpenScans {
  #young = new Map<string, OpenScan>();
  #old = new Map<string, OpenScan>();

  /** A probe of the source has an event of its own. */
  probe(key: string): void {
    this.#of(key).single++;
  }

  /**
   * A scan of the source that began at `first` has this many probes. Returns how many of them were not counted, and
   * whether it is the first sum of this scan.
   */
  scan(key: string, first: number, probes: number): { readonly rest: number; readonly isNew: boolean } {
    const known = this.#of(key);
    const isNew = known.first !== first;
    const summed = isNew ? 0 : known.summed;
    const rest = Math.max(0, probes - summed - known.single);
    known.first = first;
    known.summed = Math.max(probes, summed);
    known.single = 0;
    return { rest, isNew };
  }

  /** The source belongs to a group that was summed up: returns its single probes, which the sum contains. */
  takeSingle(key: string): number {
    const known = this.#young.get(key) ?? this.#old.get(key);
    if (known === undefined) return 0;
    const { single } = known;
    known.single = 0;
    return single;
  }

  #of(key: string): OpenScan {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const known = this.#old.get(key) ?? { first: null, summed: 0, single: 0 };
    if (this.#young.size >= GENERATION_SIZE) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, known);
    return known;
  }
}
