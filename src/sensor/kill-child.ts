import { spawn } from 'node:child_process';
import { NOBODY } from './child-plan.ts';

/**
 * Kills a sensor that does not end by itself. It runs as nobody. Root without CAP_KILL, as under the systemd unit, may
 * not signal another user's process, but that user may.
 */
export function killChild(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // Any other error means that it has ended.
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
  // A process that cannot become nobody has no sensor that did; the signal above reaches it.
  killer.on('error', () => {});
}
