import {
  closeSync,
  fchmodSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { readRegular } from '../files/read-regular.ts';
import { inFolderOf } from '../files/safe-path.ts';
import { CommandError, Exit } from '../preflight/exit.ts';

/** Readable by all: `start-stop-daemon` and monitoring need it. */
const PID_FILE_MODE = 0o644;

/** More than any process ID needs. A longer file is not a pid file of portsentry. */
const MAX_PID_CHARS = 16;

/** USER_HZ, in which /proc/PID/stat counts, is 100 on every architecture that Node runs on (time(7)). */
const TICKS_PER_SECOND = 100;

/** The index of `starttime` behind the name of the process (proc_pid_stat(5)). */
const START_TIME = 19;

/** The time of a file and the start of a process are known to some hundredths of a second. */
const SLACK_S = 1;

/** Throws a CommandError (69) when the file holds the ID of a running portsentry. */
export function refuseOccupied(path: string): void {
  const pid = readPid(path);
  if (pid === null || pid === process.pid || !isPortsentry(pid) || !isAsOldAs(pid, path)) return;
  throw new CommandError(
    Exit.unavailable,
    `${path}: another portsentry (pid ${pid}) is running: stop it, or choose another --pidfile`,
  );
}

/** Writes the ID of this process in one atomic step. Throws a CommandError (74) when it cannot. */
export function writePidFile(path: string): void {
  try {
    inFolderOf(path, (safe) => replaceFile(safe, `${safe}.${process.pid}`));
  } catch (error) {
    throw new CommandError(Exit.ioError, `--pidfile: cannot be written: ${(error as Error).message}`);
  }
}

function replaceFile(path: string, temporary: string): void {
  try {
    const fd = openSync(temporary, 'wx', PID_FILE_MODE);
    try {
      // The umask may have cleared bits.
      fchmodSync(fd, PID_FILE_MODE);
      writeSync(fd, `${process.pid}\n`);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
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
    const text = readRegular(path, MAX_PID_CHARS + 1)
      .toString('latin1')
      .trim();
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

/**
 * Whether the process began before the file was written. A younger one of our name got the ID of a daemon that has ended:
 * anybody may call a process portsentry. A process whose start cannot be read is believed.
 */
function isAsOldAs(pid: number, path: string): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const startTicks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[START_TIME]);
    const uptimeS = Number(readFileSync('/proc/uptime', 'latin1').split(' ')[0]);
    const processAgeS = uptimeS - startTicks / TICKS_PER_SECOND;
    const fileAgeS = (Date.now() - statSync(path).mtimeMs) / 1_000;
    return !(processAgeS + SLACK_S < fileAgeS);
  } catch {
    return true;
  }
}
