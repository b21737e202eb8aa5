import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fullPath } from '../commands/full-path.ts';

/** The descriptor of the file in the helper. */
const LOCK_FD = 3;

/** What flock(1) ends with when another process holds the lock. */
const IS_HELD = 1;

/** `held`: by another process. */
export type LockOutcome = 'locked' | 'held' | { readonly failure: string };

/**
 * Locks an open file, without waiting. The lock belongs to the open file, which the kernel closes when this process ends,
 * however it ends, and it counts in every namespace. Node has no flock(2): flock(1) locks the descriptor that it shares
 * with us.
 */
export async function lockFile(fd: number, how: 'exclusive' | 'shared'): Promise<LockOutcome> {
  const helper = spawn('flock', ['-n', how === 'shared' ? '-s' : '-x', String(LOCK_FD)], {
    stdio: ['ignore', 'ignore', 'ignore', fd],
    env: { PATH: fullPath(process.env.PATH) },
  });
  try {
    const [code] = (await once(helper, 'exit')) as [number | null];
    if (code === IS_HELD) return 'held';
    return code === 0 ? 'locked' : { failure: `flock ended with ${code}` };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { failure: code === 'ENOENT' ? 'flock is missing: install util-linux' : message };
  }
}
