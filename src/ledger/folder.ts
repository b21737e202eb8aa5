import { constants } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A list of everybody's misdeeds is the owner's alone. */
const MODE = 0o700;

/** Makes the folder of this file when there is none, so that it outlasts a power cut. */
export async function makeFolderOf(path: string): Promise<void> {
  const made = await mkdir(dirname(path), { recursive: true, mode: MODE });
  if (made !== undefined) await syncFolderOf(made);
}

/** Makes changed names in the folder of this file outlast a power cut (fsync(2): the file alone is not enough). */
export async function syncFolderOf(path: string): Promise<void> {
  const folder = await open(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
