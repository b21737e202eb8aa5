import type { Failure } from '../commands/failure.ts';
import { makeFolderOf, syncFolderOf } from '../ledger/folder.ts';
import { lastRecordIn } from '../ledger/line.ts';
import { LogFile, reasonOf } from '../ledger/log-file.ts';
import { readLines } from '../ledger/read-lines.ts';
import { Replacement } from '../ledger/replacement.ts';
import { type Step, stepIn } from './queue-lines.ts';

/** Bytes that are read, from the end: more than a queue that is full takes before a rewrite. */
const MAX_READ_BYTES = 134_217_728;

/** The outcome of opening the file of a queue. */
export interface OpenedQueue {
  /** null when it cannot be written. */
  readonly file: LogFile | null;
  readonly lines: number;
  /** Lines that are damaged, or of another version. */
  readonly skipped: number;
  /** Why the file cannot be written, or was not read to its end; null on success. */
  readonly trouble: Failure;
}

/** Opens the file or creates it, and calls `onStep` with each step in it. Never rejects. */
export async function openQueueFile(path: string, onStep: (step: Step) => void): Promise<OpenedQueue> {
  const counts = { lines: 0, skipped: 0 };
  let file: LogFile | null = null;
  try {
    await makeFolderOf(path);
    Replacement.clear(path);
    file = LogFile.open(path);
    if (file.size === 0) await syncFolderOf(path);
    const end = await readLines(file.fd, Math.max(0, file.size - MAX_READ_BYTES), (line) => {
      counts.lines++;
      const whole = stepIn(line);
      if (whole === null) counts.skipped++;
      const step = whole ?? stepAtEndOf(line);
      if (step !== null) onStep(step);
    });
    // Half a line, from a power cut, would swallow the next one.
    if (end < file.size) file.truncate(end);
    return { file, ...counts, trouble: null };
  } catch (error) {
    file?.close();
    return { file: null, ...counts, trouble: `cannot be used: ${reasonOf(error)}` };
  }
}

/** After a power cut half a line, or NULs, may stand before a whole one. */
function stepAtEndOf(line: Buffer): Step | null {
  const record = lastRecordIn(line);
  return record === null ? null : stepIn(record);
}
