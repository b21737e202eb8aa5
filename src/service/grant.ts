import { chownSync, closeSync, constants, fchownSync, fstatSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Config, ModeName } from '../config/config.ts';
import { DIRECTIVES } from '../config/directives.ts';
import { openFolder, openSafely } from '../files/safe-path.ts';
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
  const [fd, isNew] = openOrMake(path, mode);
  try {
    // The path names the open folder, wherever its name leads by now; fchown(2) does not take such a descriptor.
    if (isNew || ours) chownSync(`/proc/self/fd/${fd}`, uid, gid);
  } finally {
    closeSync(fd);
  }
}

function openOrMake(path: string, mode: number): [fd: number, isNew: boolean] {
  try {
    return [openFolder(path), false];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return [openFolder(path, mode), true];
  }
}

/**
 * Changes the owner of a file. The account may have planted a link here, so files with several hard links are
 * left alone.
 */
function giveFile(path: string, { uid, gid }: Account, create: boolean): void {
  const { O_WRONLY, O_APPEND, O_CREAT } = constants;
  let fd: number;
  try {
    fd = openSafely(path, O_WRONLY | O_APPEND | (create ? O_CREAT : 0), 0o600);
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
