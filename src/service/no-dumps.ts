import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';

/** What `prlimit` may take (ms). */
const PATIENCE = 1_000;

/**
 * Sees to it that no packet data gets into a core dump of this process and of those that it starts. Resolves to null,
 * or to why it could not. The limit is not looked at when a dump goes to a program (core(5)); what the dump would hold
 * is, and that is nothing.
 */
export async function forbidDumps(): Promise<string | null> {
  try {
    writeFileSync('/proc/self/coredump_filter', '0');
    // Node cannot set a limit of its own.
    if (!hasNoCore()) {
      const args = ['--pid', String(process.pid), '--core=0:0'];
      await promisify(execFile)('prlimit', args, { timeout: PATIENCE });
    }
    return null;
  } catch (error) {
    return (error as Error).message.split('\n')[0] as string;
  }
}

function hasNoCore(): boolean {
  return /^Max core file size\s+0\s+0\s/m.test(readFileSync('/proc/self/limits', 'utf8'));
}
