import { spawn } from 'node:child_process';
import { NOBODY } from './child-plan.ts';

/**
 * Ends a capture process that does not end by itself. It is nobody's by then, and root without CAP_KILL, as under the
 * systemd unit, may not signal what is another user's; that user may.
 */
export function killChild(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // Anything else: it has ended.
    if ((error as NodeJS.ErrnoException).code === 'EPERM') killAsNobody(pid);
  }
}

function killAsNobody(pid: number): void {
  const user = { uid: NOBODY, gid: NOBODY };
  const killer = spawn('/bin/sh', ['-c', 'kill -KILL "$0"', String(pid)], {
    ...user,
    cwd: '/',
    stdio: 'ignore',
  });
  // Who cannot become nobody could not have let the child do it, and kills it above.
  killer.on('error', () => {});
}
