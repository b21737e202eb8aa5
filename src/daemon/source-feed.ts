import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import type { ScannerInfo, WatchHeader, WatchTick } from '../control/scanners.ts';
import type { SourceTable } from '../track/source-table.ts';
import { type SortKey, topSlots } from '../track/top-slots.ts';

/** Clients that watch at once. Each costs a look through the table a second, and a row for each source that it is told of. */
export const MAX_WATCHING = 4;

/** The time between two ticks. */
const TICK_MS = 1_000;
const NO_REF = { ref: false };

/** What the feed reads. */
export interface SourceFeedParts {
  readonly table: () => SourceTable;
  /** What is known of the source in a slot. */
  readonly infoOf: (slot: number) => ScannerInfo;
  readonly header: () => WatchHeader;
  /** How many probes were counted so far: as long as it is the same, no source has moved up. */
  readonly probes: () => number;
  /** Resolves when what `header` needs has been asked for once. */
  readonly ready: () => Promise<unknown>;
}

/** Tells clients of the sources in the tracker's table, piece by piece, so that no probe waits for it. */
export class SourceFeed {
  readonly #parts: SourceFeedParts;
  #watching = 0;

  constructor(parts: SourceFeedParts) {
    this.#parts = parts;
  }

  /** The sources last seen at `since` (by the daemon's clock, ms) or later, each read when it is asked for. */
  *scanners(since: number): Generator<ScannerInfo> {
    const { table, infoOf } = this.#parts;
    for (let slot = 0; slot < table().usedSlots; slot++) {
      if (this.#isActive(slot) && table().records.lastSeen(slot) >= since) yield infoOf(slot);
    }
  }

  /** The first `limit` sources in this order, then each second what has changed; null when MAX_WATCHING clients watch. */
  watch(sort: SortKey, limit: number): AsyncGenerator<WatchTick> | null {
    return this.#watching >= MAX_WATCHING ? null : this.#ticks(sort, limit);
  }

  async *#ticks(sort: SortKey, limit: number): AsyncGenerator<WatchTick> {
    this.#watching++;
    try {
      await this.#parts.ready();
      const told = new Map<string, string>();
      let slots: readonly number[] = [];
      let searchedAt = -1;
      for (;;) {
        const probes = this.#parts.probes();
        if (probes !== searchedAt || !slots.every((slot) => this.#isActive(slot)))
          slots = await this.#search(sort, limit);
        searchedAt = probes;
        const rows = slots.filter((slot) => this.#isActive(slot)).map(this.#parts.infoOf);
        yield { header: this.#parts.header(), ...takeChanges(told, rows) };
        await delay(TICK_MS, undefined, NO_REF);
      }
    } finally {
      this.#watching--;
    }
  }

  #isActive(slot: number): boolean {
    const table = this.#parts.table();
    return table.isTaken(slot) && table.records.probes(slot) > 0;
  }

  async #search(sort: SortKey, limit: number): Promise<readonly number[]> {
    const search = topSlots(this.#parts.table(), sort, limit);
    for (;;) {
      const { done, value } = search.next();
      if (done) return value;
      await turn();
    }
  }
}

/** What is new or has changed in `rows`, and what is missing, compared with what was told, which becomes `rows`. */
export function takeChanges(
  told: Map<string, string>,
  rows: readonly ScannerInfo[],
): Pick<WatchTick, 'sources' | 'gone'> {
  const sources: ScannerInfo[] = [];
  const names = new Set<string>();
  for (const row of rows) {
    names.add(row.source);
    const text = JSON.stringify(row);
    if (told.get(row.source) === text) continue;
    told.set(row.source, text);
    sources.push(row);
  }
  const gone = [...told.keys()].filter((name) => !names.has(name));
  for (const name of gone) told.delete(name);
  return { sources, gone };
}
