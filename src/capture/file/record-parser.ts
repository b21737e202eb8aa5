import type { CaptureEnd, FrameBatch } from '../source.ts';
import type { ByteWindow } from './window.ts';

/**
 * The part of a reader that knows a format. It consumes whole records only and leaves an incomplete one in the window,
 * so that the result does not depend on the pieces in which a capture arrives.
 */
export interface RecordParser {
  /** The name of the next part of the capture, for messages. */
  readonly part: string;
  /** The length of that part in octets, as far as it is known yet. */
  readonly needed: number;
  /** Set when the capture is malformed. The parser consumes nothing after that. */
  readonly fault: CaptureEnd | null;
  /** The comment of the first section that has one. */
  readonly comment?: string | null;
  /** Moves the frames of whole records from the window to the batch, until the window is empty or the batch is full. */
  parse(window: ByteWindow, batch: FrameBatch): void;
}

/**
 * The end of a capture whose record at `offset` is malformed. If that is the first record, the header of the file, then
 * the file is not a capture.
 */
export function faultAt(offset: number, what: string): CaptureEnd {
  if (offset === 0) return { status: 'no-capture', reason: what };
  return { status: 'broken', offset, reason: `at byte ${offset}: ${what}` };
}
