import { readSmall } from '../proc-net.ts';

const MAX_BYTES = 1024 * 1024;

/** Shells of accounts that nobody can log in to. */
const NO_SHELL = /\/(nologin|false)$/;

/** The names of accounts in this passwd(5) that nobody can log in to. Others may come from a directory service. */
export function accountsWithoutLogin(passwd: string): ReadonlySet<string> {
  const names = new Set<string>();
  for (const line of readSmall(passwd, MAX_BYTES).split('\n')) {
    const [name = '', , , , , , shell = ''] = line.split(':');
    if (NO_SHELL.test(shell)) names.add(name);
  }
  return names;
}
