import { closeSync, fchmodSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { inFolderOf } from './safe-path.ts';

/** Only the owner may see who is blocked. */
const OWNER_ONLY = 0o600;

/**
 * Replaces a file in one step, so that a reader has the old text or the new one. On a failure the old file stays. No link is
 * followed, and the umask does not count. Throws a system error.
 */
export function replaceFile(path: string, text: string, mode = OWNER_ONLY): void {
  inFolderOf(path, (safe) => {
    const unfinished = unfinishedOf(safe);
    // A killed run may have left one. `wx` follows no link that somebody puts here.
    rmSync(unfinished, { force: true });
    try {
      writeNew(unfinished, text, mode);
      renameSync(unfinished, safe);
    } catch (error) {
      rmSync(unfinished, { force: true });
      throw error;
    }
  });
}

/** Removes a file that is replaced so, and what a killed run has left of it. Throws a system error. */
export function removeReplaced(path: string): void {
  inFolderOf(path, (safe) => {
    for (const name of [safe, unfinishedOf(safe)]) rmSync(name, { force: true });
  });
}

function unfinishedOf(path: string): string {
  return `${path}.new`;
}

function writeNew(path: string, text: string, mode: number): void {
  const fd = openSync(path, 'wx', mode);
  try {
    fchmodSync(fd, mode);
    writeFileSync(fd, text);
  } finally {
    closeSync(fd);
  }
}
