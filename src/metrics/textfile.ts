import { closeSync, fchmodSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { getSystemErrorMap } from 'node:util';
import { inFolderOf } from '../files/safe-path.ts';

/** node_exporter runs as an account of its own. The umask of the daemon does not count. */
const MODE = 0o644;

/** The collector reads names that end in .prom, so this one is not read. */
const UNFINISHED = '.new';

/**
 * Replaces the file in one step, so that a reader has the old text or the new one. On a failure the old file stays, which
 * grows old, and returns why in one line; else null.
 */
export function writeMetricsFile(path: string, text: string): string | null {
  try {
    inFolderOf(path, (safe) => {
      const unfinished = safe + UNFINISHED;
      // A killed run may have left one. `wx` follows no link that somebody puts here.
      rmSync(unfinished, { force: true });
      try {
        writeNew(unfinished, text);
        renameSync(unfinished, safe);
      } catch (error) {
        rmSync(unfinished, { force: true });
        throw error;
      }
    });
    return null;
  } catch (error) {
    return `${path}: ${reasonOf(error)}`;
  }
}

/**
 * Removes the file. Prometheus then has no newer value, as of a program that does not answer; a file that stays would say
 * for ever what was true once.
 */
export function removeMetricsFile(path: string): void {
  try {
    inFolderOf(path, (safe) => {
      for (const name of [safe, safe + UNFINISHED]) rmSync(name, { force: true });
    });
  } catch {
    // The folder is gone, and the file with it.
  }
}

function writeNew(path: string, text: string): void {
  const fd = openSync(path, 'wx', MODE);
  try {
    fchmodSync(fd, MODE);
    writeFileSync(fd, text);
  } finally {
    closeSync(fd);
  }
}

function reasonOf(error: unknown): string {
  const { errno, message } = error as NodeJS.ErrnoException;
  return getSystemErrorMap().get(errno ?? 0)?.[1] ?? message;
}
