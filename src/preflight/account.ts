import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { dirname } from 'node:path';

/** A user of this host. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** A lookup of a user may go over the network. */
const LOOKUP_TIMEOUT_MS = 5_000;

/** The bit of a file's mode that lets a class of users read it. */
export const READ = 4;
/** The bit that lets it write. */
export const WRITE = 2;
/** The bit that lets it go into a folder. */
export const SEARCH = 1;

/** The account of that name; null when there is none. Asks id(1), because not every account is in a file. */
export function findAccount(name: string): Account | null {
  const options = { encoding: 'utf8', stdio: 'pipe', timeout: LOOKUP_TIMEOUT_MS } as const;
  const lookUp = (what: string) => Number(execFileSync('id', [what, '--', name], options).trim());
  try {
    return { name, uid: lookUp('-u'), gid: lookUp('-g') };
  } catch {
    return null;
  }
}

/** The number of the group of that name; null when there is none. Asks getent(1), because not every group is in a file. */
export function findGroup(name: string): number | null {
  try {
    const options = { encoding: 'utf8', stdio: 'pipe', timeout: LOOKUP_TIMEOUT_MS } as const;
    const gid = execFileSync('getent', ['group', '--', name], options).split(':')[2];
    return gid === undefined ? null : Number(gid);
  } catch {
    return null;
  }
}

/** Whether the account may use the path now, by modes alone and without supplementary groups. */
export function mayUse(account: Account, path: string, wanted: number): boolean {
  const folder = dirname(path);
  if (folder !== path && !mayUse(account, folder, SEARCH)) return false;
  try {
    const { mode, uid, gid } = statSync(path);
    const shift = uid === account.uid ? 6 : gid === account.gid ? 3 : 0;
    return account.uid === 0 || ((mode >> shift) & wanted) === wanted;
  } catch {
    return false;
  }
}
