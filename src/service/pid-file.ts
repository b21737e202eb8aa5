import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { readRegular } from '../files/read-regular.ts';
import { inFolderOf } from '../files/safe-path.ts';
import { CommandError, Exit } from '../preflight/exit.ts';
import { lockFile } from './flock.ts';

/** Readable by all: `start-stop-daemon` and monitoring need it. */
const PID_FILE_MODE = 0o644;

/** Nobody else may lock the file before the daemon. */
const UNLOCKED_MODE = 0o600;

/** More than any process ID needs. A longer file is not a pid file of portsentry. */
const MAX_PID_CHARS = 16;

/**
 * A pid file may outlive its daemon, and the kernel gives the ID to another process, which anybody may call portsentry.
 * So the daemon holds a lock on its file for as long as it lives. The time of the file would show the same only as long as
 * nobody sets the clock. Anybody may lock a file that an ended daemon has left, but not as the user who wrote it.
 *
 * Rejects with a CommandError (69) when the file holds the ID of a running portsentry.
 */
export async function refuseOccupied(path: string): Promise<void> {
  const pid = readPid(path);
  if (pid === null || pid === process.pid || !(await isWriter(pid, path))) return;
  throw new CommandError(
    Exit.unavailable,
    `${path}: another portsentry (pid ${pid}) is running: stop it, or choose another --pidfile`,
  );
}

/**
 * Writes the ID of this process in one atomic step, and locks the file until this process ends. Resolves to null, or to why
 * there is no lock. Rejects with a CommandError (74) when it cannot be written.
 */
export async function writePidFile(path: string): Promise<string | null> {
  try {
    return await replaceFile(path);
  } catch (error) {
    throw new CommandError(Exit.ioError, `--pidfile: cannot be written: ${(error as Error).message}`);
  }
}

/** Makes another file, locks it, and puts it in the place of the old one. */
async function replaceFile(path: string): Promise<string | null> {
  const temporary = `${path}.${process.pid}`;
  const fd = inFolderOf(temporary, (safe) => openSync(safe, 'wx', UNLOCKED_MODE));
  try {
    writeSync(fd, `${process.pid}\n`);
    const outcome = await lockFile(fd, 'exclusive');
    // The umask does not count here.
    fchmodSync(fd, PID_FILE_MODE);
    inFolderOf(path, (safe) => renameSync(`${safe}.${process.pid}`, safe));
    return typeof outcome === 'object' ? outcome.failure : null;
  } catch (error) {
    closeSync(fd);
    inFolderOf(temporary, (safe) => rmSync(safe, { force: true }));
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

/** Whether the process is a portsentry of the user who wrote the file, and the file is still locked. */
async function isWriter(pid: number, path: string): Promise<boolean> {
  let fd: number;
  try {
    if (!readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('portsentry')) return false;
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return false;
  }
  try {
    return userOf(pid) === fstatSync(fd).uid && (await lockFile(fd, 'shared')) !== 'locked';
  } finally {
    closeSync(fd);
  }
}

/** The real user ID of the process; null when it has ended. */
function userOf(pid: number): number | null {
  try {
    const uid = /^Uid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
    return uid === undefined ? null : Number(uid);
  } catch {
    return null;
  }
}
