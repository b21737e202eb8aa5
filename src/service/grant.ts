import {
  chownSync,
  closeSync,
  constants,
  existsSync,
  fchownSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Config, ModeName } from '../config/config.ts';
import { DIRECTIVES } from '../config/directives.ts';
import type { Account } from '../preflight/account.ts';

/** Files of a state folder that are handed over; ours has a handful. */
const MAX_FILES = 1_000;

/** Modes of folders that are made: what is in them is for nobody else, or has modes of its own. */
const CLOSED = 0o700;
const OPEN = 0o755;

/** Gives the account what the daemon writes: folders that are its own, and single files elsewhere. Throws. */
export function grant(
  config: Config,
  modes: readonly ModeName[],
  pidfile: string | undefined,
  account: Account,
): void {
  const { stateDir, controlSocket, historyFile, blockedFile, eventFile } = config;
  makeFolder(stateDir, account, true);
  for (const name of readdirSync(stateDir).slice(0, MAX_FILES))
    giveFile(join(stateDir, name), account, false);
  makeFolder(dirname(controlSocket), account, controlSocket === DIRECTIVES.controlSocket.default, OPEN);
  if (pidfile !== undefined) makeFolder(dirname(pidfile), account, false, OPEN);
  const blocked = blockedFile === null ? [] : modes.map((mode) => `${blockedFile}.${mode}`);
  for (const path of [historyFile, ...blocked, eventFile]) {
    if (path === null) continue;
    makeFolder(dirname(path), account, false);
    giveFile(path, account, true);
  }
}

/** A folder that is not there is made; one that is there is handed over only if it is `ours`. */
function makeFolder(path: string, { uid, gid }: Account, ours: boolean, mode = CLOSED): void {
  const isNew = !existsSync(path);
  if (isNew) mkdirSync(path, { recursive: true, mode });
  if (isNew || ours) chownSync(path, uid, gid);
}

/**
 * Hands a file over. Who had the account before may have put a link there: a symbolic one is not followed, and what
 * has a second name is left alone.
 */
function giveFile(path: string, { uid, gid }: Account, make: boolean): void {
  const { O_WRONLY, O_APPEND, O_NOFOLLOW, O_NONBLOCK, O_CREAT } = constants;
  let fd: number;
  try {
    fd = openSync(path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | (make ? O_CREAT : 0), 0o600);
  } catch (error) {
    if (make) throw error;
    return;
  }
  try {
    const stat = fstatSync(fd);
    if (stat.isFile() && stat.nlink === 1) fchownSync(fd, uid, gid);
  } finally {
    closeSync(fd);
  }
}
