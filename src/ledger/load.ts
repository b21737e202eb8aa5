import type { Operation } from './entry.ts';
import { lastRecordIn, operationIn } from './line.ts';
import type { LogFile } from './log-file.ts';
import type { BlockMemory } from './memory.ts';
import { readLines } from './read-lines.ts';

/**
 * Blocks that a file may hold at a time: twice as many as there are ever in force (MAX_BLOCKS). One that holds more
 * was not written by us; memory must not follow it.
 */
export const MAX_LOADED = 262_144;

/**
 * Bytes that are read of a file, from its end: more than MAX_LOADED blocks take before they are written anew. A
 * start must not wait for a longer one, which was not written by us either.
 */
const MAX_READ = 536_870_912;

/** What was found in a file. */
export interface Loaded {
  readonly lines: number;
  /** Where its last whole line ends, in bytes. */
  readonly end: number;
  /** Lines that say nothing, for one reason or another. */
  readonly damaged: number;
  readonly unknown: number;
  /** Blocks beyond MAX_LOADED. */
  readonly refused: number;
}

/** Brings into memory what the file says. Rejects when it cannot be read; what was read until then is known. */
export async function load(file: LogFile, memory: BlockMemory): Promise<Loaded> {
  const counts = { lines: 0, damaged: 0, unknown: 0, refused: 0 };
  const take = (operation: Operation) => {
    if (isTooMuch(operation, memory)) counts.refused++;
    else memory.apply(operation);
  };
  const end = await readLines(file.fd, Math.max(0, file.size - MAX_READ), (line) => {
    counts.lines++;
    const operation = operationIn(line);
    if (typeof operation === 'object') return take(operation);
    counts[operation]++;
    const record = lastRecordIn(line);
    const rescued = record === null ? 'damaged' : operationIn(record);
    if (typeof rescued === 'object') take(rescued);
  });
  return { ...counts, end };
}

/** What could not be made use of, in words; null when there was nothing. */
export function skippedIn({ damaged, unknown, refused }: Loaded): string | null {
  const parts = [
    { count: damaged, text: 'damaged' },
    { count: unknown, text: 'from another version' },
    { count: refused, text: `beyond ${MAX_LOADED} blocks` },
  ];
  const told = parts.filter(({ count }) => count > 0).map(({ count, text }) => `${count} ${text}`);
  return told.length === 0 ? null : `lines that were skipped: ${told.join(', ')}`;
}

function isTooMuch(operation: Operation, memory: BlockMemory): boolean {
  if (operation.op !== 'decide' && operation.op !== 'entry') return false;
  const { block, ended } = operation.entry;
  if (ended !== null || memory.due < MAX_LOADED) return false;
  return memory.entries.get(block.target)?.ended !== null;
}
