import { read } from 'node:fs';
import { promisify } from 'node:util';
import { LINE_END, MAX_LINE_BYTES } from './line.ts';

/** Bytes of one read: a few milliseconds of work. */
const CHUNK_BYTES = 262_144;

const readSome = promisify(read);

/**
 * Reads a file from an offset, and calls `onLine` with each whole line, without its newline. The buffer is reused. Of a
 * line longer than MAX_LINE_BYTES only the last part is passed. Resolves to the offset where the last whole line ends.
 */
export async function readLines(fd: number, from: number, onLine: (line: Buffer) => void): Promise<number> {
  const buffer = Buffer.allocUnsafe(MAX_LINE_BYTES + CHUNK_BYTES);
  let position = from;
  let end = from;
  /** Bytes of an unfinished line at the start of the buffer. */
  let kept = 0;
  for (;;) {
    const { bytesRead } = await readSome(fd, buffer, kept, CHUNK_BYTES, position);
    if (bytesRead === 0) return end;
    position += bytesRead;
    const filled = buffer.subarray(0, kept + bytesRead);
    let start = 0;
    for (let stop = filled.indexOf(LINE_END); stop >= 0; stop = filled.indexOf(LINE_END, start)) {
      onLine(filled.subarray(Math.max(start, stop - MAX_LINE_BYTES), stop));
      start = stop + 1;
      end = position - (filled.length - start);
    }
    const rest = filled.subarray(Math.max(start, filled.length - MAX_LINE_BYTES));
    buffer.set(rest);
    kept = rest.length;
  }
}
