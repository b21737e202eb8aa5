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

/** The most files of a state folder that change owner; portsentry writes only a handful. */
const MAX_FILES = 1_000;

/** The modes of new folders: private, or public when the files inside restrict access themselves. */
const PRIVATE_MODE = 0o700;
const PUBLIC_MODE = 0o755;

/** Makes the account the owner of the folders and files that the daemon writes. Throws a system error. */
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
  makeFolder(
    dirname(controlSocket),
    account,
    controlSocket === DIRECTIVES.controlSocket.default,
    PUBLIC_MODE,
  );
  if (pidfile !== undefined) makeFolder(dirname(pidfile), account, false, PUBLIC_MODE);
  const blocked = blockedFile === null ? [] : modes.map((mode) => `${blockedFile}.${mode}`);
  for (const path of [historyFile, ...blocked, eventFile]) {
    if (path === null) continue;
    makeFolder(dirname(path), account, false);
    giveFile(path, account, true);
  }
}

/** Creates a missing folder. An existing one changes owner only if it is `ours`. */
function makeFolder(path: string, { uid, gid }: Account, ours: boolean, mode = PRIVATE_MODE): void {
  const isNew = !existsSync(path);
  if (isNew) mkdirSync(path, { recursive: true, mode });
  if (isNew || ours) chownSync(path, uid, gid);
}

/**
 * Changes the owner of a file. The account may have planted a link here, so symbolic links are not followed and files
 * with several hard links are left alone.
 */
function giveFile(path: string, { uid, gid }: Account, create: boolean): void {
  const { O_WRONLY, O_APPEND, O_NOFOLLOW, O_NONBLOCK, O_CREAT } = constants;
  let fd: number;
  try {
    fd = openSync(path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | (create ? O_CREAT : 0), 0o600);
  } catch (error) {
    if (create) throw error;
    return;
  }
  try {
    const stat = fstatSync(fd);
    if (stat.isFile() && stat.nlink === 1) fchownSync(fd, uid, gid);
  } finally {
    closeSync(fd);
  }
}
