import type { Failure } from '../commands/failure.ts';
import { makeFolderOf, syncFolderOf } from './folder.ts';
import { type Loaded, load } from './load.ts';
import { LogFile, reasonOf } from './log-file.ts';
import type { BlockMemory } from './memory.ts';
import { Replacement } from './replacement.ts';

export interface OpenedLog {
  /** null when it cannot be added to. */
  readonly file: LogFile | null;
  /** null when it cannot be read. */
  readonly loaded: Loaded | null;
  /** Why the file cannot be added to or was not read to its end; null when both went well. */
  readonly trouble: Failure;
}

/** Opens the file, or makes it, and brings what it says into memory. Never rejects. */
export async function openLog(path: string, memory: BlockMemory): Promise<OpenedLog> {
  let file: LogFile;
  try {
    await makeFolderOf(path);
    Replacement.clear(path);
    file = LogFile.open(path);
  } catch (error) {
    const loaded = await readOnly(path, memory);
    return { file: null, loaded, trouble: `cannot be opened to write: ${reasonOf(error)}` };
  }
  try {
    if (file.size === 0) await syncFolderOf(path);
    const loaded = await load(file, memory);
    // Half a line, where the power was cut, would swallow the next one.
    if (loaded.end < file.size) file.truncate(loaded.end);
    return { file, loaded, trouble: null };
  } catch (error) {
    file.close();
    return { file: null, loaded: null, trouble: `cannot be read to its end: ${reasonOf(error)}` };
  }
}

/** On a disk that cannot be written, blocks of former runs are known all the same. */
async function readOnly(path: string, memory: BlockMemory): Promise<Loaded | null> {
  let file: LogFile | null = null;
  try {
    file = LogFile.openToRead(path);
    return await load(file, memory);
  } catch {
    return null;
  } finally {
    file?.close();
  }
}
