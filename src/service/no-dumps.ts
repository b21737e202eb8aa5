import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';

/** The time limit for `prlimit`. */
const PRLIMIT_TIMEOUT_MS = 1_000;

/**
 * Keeps packet data out of core dumps of this process and its children. Resolves to null, or to the reason for a
 * failure. It sets both the limit and the filter of the dump, because a dump that is piped to a program ignores the
 * limit (core(5)).
 */
export async function forbidDumps(): Promise<string | null> {
  try {
    writeFileSync('/proc/self/coredump_filter', '0');
    // Node has no function to set a limit.
    if (!hasNoCore()) {
      const args = ['--pid', String(process.pid), '--core=0:0'];
      await promisify(execFile)('prlimit', args, { timeout: PRLIMIT_TIMEOUT_MS });
    }
    return null;
  } catch (error) {
    return (error as Error).message.split('\n')[0] as string;
  }
}

function hasNoCore(): boolean {
  return /^Max core file size\s+0\s+0\s/m.test(readFileSync('/proc/self/limits', 'utf8'));
}
