import { read } from 'node:fs';
import { promisify } from 'node:util';
import { MAX_LINE_LENGTH } from './line.ts';

/** Bytes that are read at a time; what stands in them is a few milliseconds' work. */
const CHUNK_LENGTH = 262_144;

const LINE_END = 0x0a;

const readSome = promisify(read);

/**
 * Reads a file from an offset on and hands over each whole line, without its end, in a buffer that is used again.
 * Of a line longer than MAX_LINE_LENGTH that much of its end comes. Resolves to where the last whole line ends.
 */
export async function readLines(fd: number, from: number, onLine: (line: Buffer) => void): Promise<number> {
  const buffer = Buffer.allocUnsafe(MAX_LINE_LENGTH + CHUNK_LENGTH);
  let position = from;
  let end = from;
  /** Bytes of an unfinished line at the start of the buffer. */
  let kept = 0;
  for (;;) {
    const { bytesRead } = await readSome(fd, buffer, kept, CHUNK_LENGTH, position);
    if (bytesRead === 0) return end;
    position += bytesRead;
    const filled = buffer.subarray(0, kept + bytesRead);
    let start = 0;
    for (let stop = filled.indexOf(LINE_END); stop >= 0; stop = filled.indexOf(LINE_END, start)) {
      onLine(filled.subarray(Math.max(start, stop - MAX_LINE_LENGTH), stop));
      start = stop + 1;
      end = position - (filled.length - start);
    }
    const rest = filled.subarray(Math.max(start, filled.length - MAX_LINE_LENGTH));
    buffer.set(rest);
    kept = rest.length;
  }
}
