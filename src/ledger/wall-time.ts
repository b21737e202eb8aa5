import type { LedgerEntry, Operation } from './entry.ts';

/** Turns a time of the daemon's own clock into one of the wall clock, or the other way round; ms since the epoch. */
export type Convert = (time: number) => number;

/** The entry with all its times converted. */
export function convertEntry(entry: LedgerEntry, convert: Convert): LedgerEntry {
  const { block, ended } = entry;
  const until = block.until === null ? null : convert(block.until);
  return {
    ...entry,
    block: { ...block, since: convert(block.since), until },
    ended: ended === null ? null : { ...ended, at: convert(ended.at) },
  };
}

/** The operation with all its times converted. */
export function convertOperation(operation: Operation, convert: Convert): Operation {
  switch (operation.op) {
    case 'decide':
    case 'entry':
      return { ...operation, entry: convertEntry(operation.entry, convert) };
    case 'end':
      return { ...operation, at: convert(operation.at) };
    default:
      return operation;
  }
}

/**
 * The operation of a file, and when its time lies in the future, because the wall clock was set back since it was written
 * or has not been set yet: as of now, with a block as long as it was to be.
 */
export function notInFuture(operation: Operation, now: number): Operation {
  const aheadMs = timeOf(operation) - now;
  return aheadMs > 0 ? convertOperation(operation, (time) => time - aheadMs) : operation;
}

function timeOf(operation: Operation): number {
  switch (operation.op) {
    case 'decide':
    case 'entry':
      return operation.entry.ended?.at ?? operation.entry.block.since;
    case 'end':
      return operation.at;
    default:
      return Number.NEGATIVE_INFINITY;
  }
}
