import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { dirname } from 'node:path';

/** A user of this host. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** What looking a user up may take (ms): it may be asked of the network. */
const PATIENCE = 5_000;

/** Bits of a file's mode for one class of users. */
export const READ = 4;
export const WRITE = 2;
const SEARCH = 1;

/** The account of that name; null when there is none. By id(1), for accounts may come from elsewhere than a file. */
export function findAccount(name: string): Account | null {
  const ask = (what: string) =>
    Number(
      execFileSync('id', [what, '--', name], { encoding: 'utf8', stdio: 'pipe', timeout: PATIENCE }).trim(),
    );
  try {
    return { name, uid: ask('-u'), gid: ask('-g') };
  } catch {
    return null;
  }
}

/** Whether the account, without further groups, could use the path as it is now: by modes alone. */
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
