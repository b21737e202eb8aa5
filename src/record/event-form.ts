import type { LedgerEntry } from '../ledger/entry.ts';
import type { BlockEvent, RefusedEvent, UnblockEvent } from '../respond/event.ts';
import type { DecoysEvent, ProbeEvent, ScanEvent } from '../track/event.ts';

/** What is recorded as an event. */
export type RecordedEvent = ProbeEvent | ScanEvent | DecoysEvent | BlockEvent | RefusedEvent | UnblockEvent;

/** A format of events: a line of JSON for each, without a line feed. */
export interface EventForm {
  /** `isAlert` is for a probe only: whether it is the one that stands for its source. */
  line(event: RecordedEvent, isAlert?: boolean): string;
  /** A block that an administrator ordered. */
  blockByHandLine(entry: LedgerEntry): string;
}
