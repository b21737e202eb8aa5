import type { SourceTable } from './source-table.ts';

/** What sources can be ordered by, the highest first: their last or first probe, how many probes, how many ports. */
export const SORT_KEYS = ['last', 'first', 'probes', 'ports'] as const;

/** One of them. */
export type SortKey = (typeof SORT_KEYS)[number];

/** Slots that are read one after the other, because they lie beside each other. */
const RUN_SLOTS = 64;

/** Runs between two pauses: together about a tenth of a millisecond. */
const RUNS_PER_PIECE = 64;

/**
 * Finds the slots of the first `limit` sources by `key`, the first one first. It yields after each piece of the table, so that
 * probes are counted in between: a full table costs as many pauses as pieces, and memory for `limit` slots only. Sources that
 * come during the search may be missing.
 */
export function* topSlots(table: SourceTable, key: SortKey, limit: number): Generator<void, number[]> {
  const { records, usedSlots } = table;
  const keyOf = {
    last: (slot: number) => records.lastSeen(slot),
    first: (slot: number) => records.firstSeen(slot),
    probes: (slot: number) => records.probes(slot),
    ports: (slot: number) => records.ports(slot),
  }[key];
  const compare = (a: number, b: number) =>
    keyOf(b) - keyOf(a) || records.lastSeen(b) - records.lastSeen(a) || a - b;
  const best: number[] = [];
  // What a slot must have to be among the best, once there are enough of them; the later of two equal ones is better.
  let least = Number.NEGATIVE_INFINITY;
  let leastSeen = Number.NEGATIVE_INFINITY;
  const keepBest = () => {
    best.sort(compare);
    best.length = Math.min(best.length, limit);
    if (best.length < limit) return;
    least = keyOf(best[limit - 1] as number);
    leastSeen = records.lastSeen(best[limit - 1] as number);
  };
  const runs = Math.ceil(usedSlots / RUN_SLOTS);
  const stride = strideOf(runs);
  for (let count = 1, run = 0; count <= runs; count++, run = (run + stride) % runs) {
    const end = Math.min((run + 1) * RUN_SLOTS, usedSlots);
    for (let slot = run * RUN_SLOTS; slot < end; slot++) {
      const value = keyOf(slot);
      if (value < least || (value === least && records.lastSeen(slot) < leastSeen)) continue;
      // A source without probes is known for its connects alone: its scan is over.
      if (records.probes(slot) === 0 || !table.isTaken(slot)) continue;
      best.push(slot);
      if (best.length >= 2 * limit) keepBest();
    }
    if (count % RUNS_PER_PIECE === 0) yield;
  }
  keepBest();
  return best.filter((slot) => table.isTaken(slot) && records.probes(slot) > 0);
}

/**
 * A step that goes through all runs, and jumps from one end of the table to the other. A flood fills the slots in order, each
 * with a later source than the one before: read in that order, each would be among the best so far.
 */
function strideOf(runs: number): number {
  let stride = Math.max(1, Math.round(runs * GOLDEN_RATIO));
  while (commonDivisor(stride, runs) > 1) stride++;
  return stride;
}

const GOLDEN_RATIO = 0.618;

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}
