import { spawn } from 'node:child_process';
import type { SensorAccount } from './child-plan.ts';

/**
 * Kills a sensor that does not end by itself. It runs as another user. Root without CAP_KILL, as under the systemd unit,
 * may not signal another user's process, but that user may.
 */
export function killChild(pid: number, account: SensorAccount | null): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // Any other error means that it has ended.
    if ((error as NodeJS.ErrnoException).code === 'EPERM' && account !== null) killAs(account, pid);
  }
}

function killAs({ uid, gid }: SensorAccount, pid: number): void {
  const killer = spawn('/bin/sh', ['-c', 'kill -KILL "$0"', String(pid)], {
    uid,
    gid,
    cwd: '/',
    stdio: 'ignore',
  });
  // A process that cannot become this user has no sensor that did; the signal above reaches it.
  killer.on('error', () => {});
}
