import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { CommandError, Exit } from '../preflight/exit.ts';

/** Readable by all: `start-stop-daemon` and monitoring need it. */
const PID_FILE_MODE = 0o644;

/** More than any process ID needs. A longer file is not a pid file of portsentry. */
const MAX_PID_CHARS = 16;

/** Throws a CommandError (69) when the file holds the ID of a running portsentry. */
export function refuseOccupied(path: string): void {
  const pid = readPid(path);
  if (pid === null || pid === process.pid || !isPortsentry(pid)) return;
  throw new CommandError(
    Exit.unavailable,
    `${path}: another portsentry (pid ${pid}) is running: stop it, or choose another --pidfile`,
  );
}

/** Writes the ID of this process in one atomic step. Throws a CommandError (74) when it cannot. */
export function writePidFile(path: string): void {
  const temporary = `${path}.${process.pid}`;
  try {
    writeFileSync(temporary, `${process.pid}\n`, { mode: PID_FILE_MODE, flag: 'wx' });
    // The umask may have cleared bits.
    chmodSync(temporary, PID_FILE_MODE);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new CommandError(Exit.ioError, `--pidfile: cannot be written: ${(error as Error).message}`);
  }
}

/** Removes the file, unless another process has put its ID there. */
export function removePidFile(path: string): void {
  if (readPid(path) !== process.pid) return;
  try {
    rmSync(path);
  } catch {
    // The daemon may have lost the right to write in the folder. A stale ID does no harm.
  }
}

function readPid(path: string): number | null {
  try {
    const text = readFileSync(path, 'utf8').trim();
    return text.length <= MAX_PID_CHARS && /^[1-9]\d*$/.test(text) ? Number(text) : null;
  } catch {
    return null;
  }
}

/** The kernel reuses process IDs, so another program may have it now. */
function isPortsentry(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('portsentry');
  } catch {
    return false;
  }
}
