import { closeSync, constants, ftruncateSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { openFolder, openRegular } from '../files/safe-path.ts';
import { reasonOf } from '../ledger/log-file.ts';
import { CommandError, Exit } from '../preflight/exit.ts';
import { lockFile } from './flock.ts';

const NAME = 'lock';
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

const MAX_PID_CHARS = 16;

/**
 * Locks STATE_DIR for this process, because two daemons would overwrite each other's ledger. Resolves to null, or to why
 * there is no lock. Rejects with a CommandError (69) when another daemon has it.
 */
export async function lockState(folder: string): Promise<string | null> {
  let fd: number;
  try {
    closeSync(openFolder(folder, FOLDER_MODE));
    fd = openRegular(join(folder, NAME), constants.O_RDWR | constants.O_CREAT, FILE_MODE);
  } catch (error) {
    return reasonOf(error);
  }
  const outcome = await lockFile(fd, 'exclusive');
  if (outcome === 'held') {
    const holder = readPid(fd);
    closeSync(fd);
    throw new CommandError(
      Exit.unavailable,
      `STATE_DIR ${folder}: another portsentry${holder} uses it: stop it, or choose another STATE_DIR`,
    );
  }
  if (outcome !== 'locked') {
    closeSync(fd);
    return outcome.failure;
  }
  ftruncateSync(fd, 0);
  writeSync(fd, `${process.pid}\n`, 0);
  return null;
}

/** ` (pid N)`, as the holder sees itself; empty while it has not written it. */
function readPid(fd: number): string {
  const text = Buffer.alloc(MAX_PID_CHARS);
  const length = readSync(fd, text, 0, MAX_PID_CHARS, 0);
  const pid = /^\d+/.exec(text.toString('latin1', 0, length))?.[0];
  return pid === undefined ? '' : ` (pid ${pid})`;
}
