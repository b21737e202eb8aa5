import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, ftruncateSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fullPath } from '../commands/full-path.ts';
import { openFolder, openRegular } from '../files/safe-path.ts';
import { reasonOf } from '../ledger/log-file.ts';
import { CommandError, Exit } from '../preflight/exit.ts';

const NAME = 'lock';
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

/** The descriptor of the file in the helper. */
const LOCK_FD = 3;

/** What flock(1) ends with when another process holds the lock. */
const IS_HELD = 1;

const MAX_PID_CHARS = 16;

/**
 * Locks STATE_DIR for this process, because two daemons would overwrite each other's ledger. The lock belongs to the open
 * file, which the kernel closes when this process ends, however it ends, and it counts in every namespace. Node has no
 * flock(2): flock(1) locks the descriptor that it shares with us. Resolves to null, or to why there is no lock. Rejects with
 * a CommandError (69) when another daemon has it.
 */
export async function lockState(folder: string): Promise<string | null> {
  let fd: number;
  try {
    closeSync(openFolder(folder, FOLDER_MODE));
    fd = openRegular(join(folder, NAME), constants.O_RDWR | constants.O_CREAT, FILE_MODE);
  } catch (error) {
    return reasonOf(error);
  }
  const code = await runFlock(fd);
  if (code === IS_HELD) {
    const holder = readPid(fd);
    closeSync(fd);
    throw new CommandError(
      Exit.unavailable,
      `STATE_DIR ${folder}: another portsentry${holder} uses it: stop it, or choose another STATE_DIR`,
    );
  }
  if (code !== 0) {
    closeSync(fd);
    return typeof code === 'string' ? code : `flock ended with ${code}`;
  }
  ftruncateSync(fd, 0);
  writeSync(fd, `${process.pid}\n`, 0);
  return null;
}

/** The exit code of flock(1), or why it could not be run. */
async function runFlock(fd: number): Promise<number | string | null> {
  const helper = spawn('flock', ['-n', String(LOCK_FD)], {
    stdio: ['ignore', 'ignore', 'ignore', fd],
    env: { PATH: fullPath(process.env.PATH) },
  });
  try {
    const [code] = (await once(helper, 'exit')) as [number | null];
    return code;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? 'flock is missing: install util-linux' : message;
  }
}

/** ` (pid N)`, as the holder sees itself; empty while it has not written it. */
function readPid(fd: number): string {
  const text = Buffer.alloc(MAX_PID_CHARS);
  const length = readSync(fd, text, 0, MAX_PID_CHARS, 0);
  const pid = /^\d+/.exec(text.toString('latin1', 0, length))?.[0];
  return pid === undefined ? '' : ` (pid ${pid})`;
}
