import type { CaptureEnd, FrameBatch } from '../source.ts';
import type { ByteWindow } from './window.ts';

/**
 * The part of a reader that knows a format. It takes whole records only: one that is not there whole is left in
 * the window, so that it does not matter in which pieces a capture arrives.
 */
export interface RecordParser {
  /** What is next in the capture, and how long it is as far as can be told yet: for reading on, and for messages. */
  readonly part: string;
  readonly needed: number;
  /** Set when the capture is at fault; nothing is taken after that. */
  readonly fault: CaptureEnd | null;
  /** Takes whole records out of the window and adds their frames to the batch, until either has no more. */
  parse(window: ByteWindow, batch: FrameBatch): void;
}

/**
 * The end that a fault in the record at `offset` makes. What is wrong with the very first record, the file's
 * header, makes the file no capture at all.
 */
export function faultAt(offset: number, what: string): CaptureEnd {
  if (offset === 0) return { status: 'no-capture', reason: what };
  return { status: 'broken', offset, reason: `at byte ${offset}: ${what}` };
}
