import type { Operation } from './entry.ts';
import { lastRecordIn, operationIn } from './line.ts';
import type { LogFile } from './log-file.ts';
import type { BlockMemory } from './memory.ts';
import { readLines } from './read-lines.ts';
import { notInFuture } from './wall-time.ts';

/**
 * Due blocks that are loaded: twice as many as are ever in force (MAX_BLOCKS). We did not write a file with more, and
 * memory must not grow with it.
 */
const MAX_LOADED = 262_144;

/**
 * Bytes that are read, from the end of the file: more than MAX_LOADED blocks take before a rewrite. We did not write a
 * longer file, and a start must not wait for it.
 */
const MAX_READ_BYTES = 536_870_912;

/** What a file contained. */
export interface Loaded {
  readonly lines: number;
  /** The offset in bytes where its last whole line ends. */
  readonly endOffset: number;
  /** Lines with a wrong checksum or invalid fields. */
  readonly damaged: number;
  /** Lines of another version. */
  readonly unknown: number;
  /** Operations for blocks beyond MAX_LOADED. */
  readonly refused: number;
  /** Operations whose time was in the future; they count as of now. */
  readonly future: number;
}

/**
 * Applies the operations in the file to the memory; `now` in ms since the epoch. Rejects when a read fails; the operations
 * before it stay applied.
 */
export async function load(file: LogFile, memory: BlockMemory, now: number): Promise<Loaded> {
  const counts = { lines: 0, damaged: 0, unknown: 0, refused: 0, future: 0 };
  const take = (written: Operation) => {
    const operation = notInFuture(written, now);
    if (operation !== written) counts.future++;
    if (isTooMuch(operation, memory)) counts.refused++;
    else memory.apply(operation);
  };
  const endOffset = await readLines(file.fd, Math.max(0, file.size - MAX_READ_BYTES), (line) => {
    counts.lines++;
    const operation = operationIn(line);
    if (typeof operation === 'object') return take(operation);
    counts[operation]++;
    const record = lastRecordIn(line);
    const rescued = record === null ? 'damaged' : operationIn(record);
    if (typeof rescued === 'object') take(rescued);
  });
  return { ...counts, endOffset };
}

/** Reports the skipped lines as text; null when there were none. */
export function skippedIn({ damaged, unknown, refused }: Loaded): string | null {
  const parts = [
    { count: damaged, text: 'damaged' },
    { count: unknown, text: 'from another version' },
    { count: refused, text: `beyond ${MAX_LOADED} blocks` },
  ];
  const texts = parts.filter(({ count }) => count > 0).map(({ count, text }) => `${count} ${text}`);
  return texts.length === 0 ? null : `lines that were skipped: ${texts.join(', ')}`;
}

function isTooMuch(operation: Operation, memory: BlockMemory): boolean {
  if (operation.op !== 'decide' && operation.op !== 'entry') return false;
  const { block, ended } = operation.entry;
  if (ended !== null || memory.due < MAX_LOADED) return false;
  return memory.entries.get(block.target)?.ended !== null;
}
