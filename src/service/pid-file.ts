import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { CommandError, Exit } from '../preflight/exit.ts';

/** Anybody may know it: `start-stop-daemon` and monitoring do. */
const PID_FILE_MODE = 0o644;

/** A number of a process and no more: what is longer was not written by us. */
const MAX_LENGTH = 16;

/** Throws a CommandError (69) when a portsentry that lives has its number in the file. */
export function refuseOccupied(path: string): void {
  const pid = readPid(path);
  if (pid === null || pid === process.pid || !isPortsentry(pid)) return;
  throw new CommandError(
    Exit.unavailable,
    `${path}: another portsentry (pid ${pid}) runs: end it, or name another --pidfile`,
  );
}

/** Writes our number, whole from the first moment. Throws a CommandError (74) when it cannot. */
export function writePidFile(path: string): void {
  const whole = `${path}.${process.pid}`;
  try {
    writeFileSync(whole, `${process.pid}\n`, { mode: PID_FILE_MODE, flag: 'wx' });
    // Whatever our umask is.
    chmodSync(whole, PID_FILE_MODE);
    renameSync(whole, path);
  } catch (error) {
    rmSync(whole, { force: true });
    throw new CommandError(Exit.ioError, `--pidfile: cannot be written: ${(error as Error).message}`);
  }
}

/** Removes the file, unless another has put its number there. */
export function removePidFile(path: string): void {
  if (readPid(path) !== process.pid) return;
  try {
    rmSync(path);
  } catch {
    // Its folder is no longer ours to write in; a number of nobody does no harm.
  }
}

function readPid(path: string): number | null {
  try {
    const text = readFileSync(path, 'utf8').trim();
    return text.length <= MAX_LENGTH && /^[1-9]\d*$/.test(text) ? Number(text) : null;
  } catch {
    return null;
  }
}

/** Numbers are given again: another program may have it by now. */
function isPortsentry(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('portsentry');
  } catch {
    return false;
  }
}
