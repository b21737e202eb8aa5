import { removeReplaced, replaceFile } from '../files/replace-file.ts';
import { reasonOf } from '../ledger/log-file.ts';

/** node_exporter runs as an account of its own. The collector reads names that end in .prom, so an unfinished file is not read. */
const MODE = 0o644;

/**
 * Replaces the file in one step, so that a reader has the old text or the new one. On a failure the old file stays, which
 * grows old, and returns why in one line; else null.
 */
export function writeMetricsFile(path: string, text: string): string | null {
  try {
    replaceFile(path, text, MODE);
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
    removeReplaced(path);
  } catch {
    // The folder is gone, and the file with it.
  }
}
