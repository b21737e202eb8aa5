import { constants } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Only the owner may see who is blocked. */
const MODE = 0o700;

/** Creates the folder of this file if it is missing, and makes it survive a power cut. */
export async function makeFolderOf(path: string): Promise<void> {
  const made = await mkdir(dirname(path), { recursive: true, mode: MODE });
  if (made !== undefined) await syncFolderOf(made);
}

/** Makes changed names in the folder of this file survive a power cut (fsync(2): syncing the file is not enough). */
export async function syncFolderOf(path: string): Promise<void> {
  const folder = await open(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
