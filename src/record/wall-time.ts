import type { LedgerEntry } from '../ledger/entry.ts';
import { type Convert, convertEntry } from '../ledger/wall-time.ts';
import type { BlockEvent, UnblockEvent } from '../respond/event.ts';
import type { ScanEvent } from '../track/event.ts';

/** Turns the times of the daemon's clock in events into those of the wall clock. */
export interface WallTime {
  time<Event extends { readonly time: number }>(event: Event): Event;
  block(event: BlockEvent): BlockEvent;
  unblock(event: UnblockEvent): UnblockEvent;
  scan(event: ScanEvent): ScanEvent;
  entry(entry: LedgerEntry): LedgerEntry;
}

/** Converts the times of events. */
export function wallTimeBy(toWall: Convert): WallTime {
  return {
    time: (event) => ({ ...event, time: toWall(event.time) }),
    block: (event) => {
      const until = event.until === null ? null : toWall(event.until);
      return { ...event, time: toWall(event.time), until };
    },
    unblock: (event) => ({ ...event, time: toWall(event.time), entry: convertEntry(event.entry, toWall) }),
    scan: (event) => {
      return { ...event, time: toWall(event.time), first: toWall(event.first), last: toWall(event.last) };
    },
    entry: (entry) => convertEntry(entry, toWall),
  };
}

/** For events whose times are of the wall clock, as in a replay. */
export const IS_WALL_TIME: WallTime = {
  time: (event) => event,
  block: (event) => event,
  unblock: (event) => event,
  scan: (event) => event,
  entry: (entry) => entry,
};
