import type { ByteInput, InputFault } from '../capture/file/input.ts';

/** The longest line that is read. An event with all its decoys has some ten thousand octets. */
export const MAX_LINE_BYTES = 262_144;

/** Octets of one read: a few milliseconds of work. */
const CHUNK_BYTES = 262_144;

const LINE_FEED = 0x0a;

/** Receives lines. The buffer is reused: take out what is needed before the call returns. */
export interface LineTaker {
  /** A line without its line feed; an empty one, too. */
  line(bytes: Buffer): void;
  /** A line that is longer than MAX_LINE_BYTES was left out. */
  tooLong(): void;
  /** Some more octets were read, of which `line` got the whole lines. */
  progress?(): void;
}

/**
 * Reads all lines of an input; a last line without its line feed counts, unless it is empty. Memory is bounded, however
 * long a line is. Resolves to null, or to the fault that ended the input early; does not close it.
 */
export async function readLines(input: ByteInput, taker: LineTaker): Promise<InputFault | null> {
  const buffer = Buffer.allocUnsafe(MAX_LINE_BYTES + CHUNK_BYTES);
  /** Octets of an unfinished line at the start of the buffer. */
  let kept = 0;
  /** The rest of the line is left out. */
  let isTooLong = false;
  for (;;) {
    const read = input.read(buffer.subarray(kept, kept + CHUNK_BYTES));
    // A file is read at once; a turn of the event loop for each piece would cost more than the piece.
    const length = typeof read === 'object' && 'then' in read ? await read : read;
    if (typeof length !== 'number' || length === 0) {
      if (kept > 0) taker.line(buffer.subarray(0, kept));
      return typeof length === 'number' ? null : length;
    }
    const filled = buffer.subarray(0, kept + length);
    let start = 0;
    for (let stop = filled.indexOf(LINE_FEED, kept); stop >= 0; stop = filled.indexOf(LINE_FEED, start)) {
      if (isTooLong) isTooLong = false;
      else if (stop - start > MAX_LINE_BYTES) taker.tooLong();
      else taker.line(filled.subarray(start, stop));
      start = stop + 1;
    }
    kept = filled.length - start;
    if (isTooLong) kept = 0;
    else if (kept > MAX_LINE_BYTES) {
      taker.tooLong();
      isTooLong = true;
      kept = 0;
    } else if (start > 0) buffer.copyWithin(0, start, filled.length);
    taker.progress?.();
  }
}
