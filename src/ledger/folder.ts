import { closeSync, constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { openFolder } from '../files/safe-path.ts';

/** Only the owner may see who is blocked. */
const MODE = 0o700;

/** Creates the folder of this file if it is missing, and makes it survive a power cut. */
export async function makeFolderOf(path: string): Promise<void> {
  const folder = dirname(path);
  try {
    closeSync(openFolder(folder));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    closeSync(openFolder(folder, MODE));
    await syncFolderOf(folder);
  }
}

/** Makes changed names in the folder of this file survive a power cut (fsync(2): syncing the file is not enough). */
export async function syncFolderOf(path: string): Promise<void> {
  const place = openFolder(dirname(path));
  try {
    const folder = await open(`/proc/self/fd/${place}`, constants.O_RDONLY | constants.O_DIRECTORY);
    await folder.sync().finally(() => folder.close());
  } finally {
    closeSync(place);
  }
}
