import type { Failure } from '../commands/failure.ts';
import { makeFolderOf, syncFolderOf } from './folder.ts';
import { type Loaded, load } from './load.ts';
import { LogFile, reasonOf } from './log-file.ts';
import type { BlockMemory } from './memory.ts';
import { Replacement } from './replacement.ts';

/** The outcome of opening the file. */
export interface OpenedLog {
  /** null when it cannot be written. */
  readonly file: LogFile | null;
  /** null when it cannot be read. */
  readonly loaded: Loaded | null;
  /** Why the file cannot be written, or was not read to its end; null on success. */
  readonly trouble: Failure;
}

/** Opens the file or creates it, and loads it into the memory; `now` in ms since the epoch. Never rejects. */
export async function openLog(path: string, memory: BlockMemory, now: number): Promise<OpenedLog> {
  let file: LogFile;
  try {
    await makeFolderOf(path);
    Replacement.clear(path);
    file = LogFile.open(path);
  } catch (error) {
    const loaded = await readOnly(path, memory, now);
    return { file: null, loaded, trouble: `cannot be opened to write: ${reasonOf(error)}` };
  }
  try {
    if (file.size === 0) await syncFolderOf(path);
    const loaded = await load(file, memory, now);
    // Half a line, from a power cut, would swallow the next one.
    if (loaded.endOffset < file.size) file.truncate(loaded.endOffset);
    return { file, loaded, trouble: null };
  } catch (error) {
    file.close();
    return { file: null, loaded: null, trouble: `cannot be read to its end: ${reasonOf(error)}` };
  }
}

/** On a read-only disk the blocks of former runs are loaded all the same. */
async function readOnly(path: string, memory: BlockMemory, now: number): Promise<Loaded | null> {
  let file: LogFile | null = null;
  try {
    file = LogFile.openToRead(path);
    return await load(file, memory, now);
  } catch {
    return null;
  } finally {
    file?.close();
  }
}
