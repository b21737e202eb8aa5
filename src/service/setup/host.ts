import { existsSync, realpathSync, type Stats, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { InitSystem } from '../../cli/invocation.ts';

/** The traces of the init systems: first of the one that booted this host, then of one that is installed. */
const BOOTED: readonly (readonly [InitSystem, string])[] = [
  ['systemd', '/run/systemd/system'],
  ['openrc', '/run/openrc/softlevel'],
];
const INSTALLED: readonly (readonly [InitSystem, string])[] = [
  ['openrc', '/sbin/openrc-run'],
  ['systemd', '/lib/systemd/systemd'],
  ['systemd', '/usr/lib/systemd/systemd'],
  ['sysv', '/lib/lsb/init-functions'],
];

/** The init system of the host whose root this folder is; null if there are no files for it. */
export function findInit(root: string, exists = existsSync): InitSystem | null {
  const traces = root === '/' ? [...BOOTED, ...INSTALLED] : INSTALLED;
  return traces.find(([, path]) => exists(join(root, path)))?.[0] ?? null;
}

/** The folders that the systemd unit hides: ProtectHome and PrivateTmp. */
const HIDDEN = ['/home/', '/root/', '/run/user/', '/tmp/', '/var/tmp/'];

/** The first number of a user's own group; lower ones are the system's (login.defs(5)). */
const FIRST_USER_GROUP = 1000;

/**
 * Why a service that runs as root must not run these programs, in one line: somebody else could replace them, or the unit
 * does not see them. null if nothing speaks against it. A path that does not exist is judged by what exists of it.
 */
export function placeTrouble(
  paths: readonly string[],
  inits: readonly InitSystem[],
  stat: (path: string) => Owner = statSync,
): string | null {
  for (const path of paths) {
    const real = realFolder(path);
    const hidden = HIDDEN.find((folder) => `${real}/`.startsWith(folder));
    if (inits.includes('systemd') && hidden !== undefined)
      return `${path} lies below ${hidden.slice(0, -1)}, which the systemd unit does not see`;
    for (let part = real; ; part = dirname(part)) {
      const whose = ownerOf(stat(part));
      if (whose !== null) return `${part} ${whose}, so others than root could change what root runs`;
      if (part === '/') break;
    }
  }
  return null;
}

/** What matters of a file's owner and mode. */
export type Owner = Pick<Stats, 'uid' | 'gid' | 'mode'>;

function ownerOf({ uid, gid, mode }: Owner): string | null {
  if (uid !== 0) return `belongs to user ${uid}`;
  // In a sticky folder nobody can replace what is root's (inode(7)).
  if ((mode & 0o1002) === 0o002) return 'can be written by everybody';
  return (mode & 0o020) !== 0 && gid >= FIRST_USER_GROUP ? `can be written by group ${gid}` : null;
}

/** The path without links; of a missing path, the folder that is there. */
function realFolder(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return realFolder(dirname(path));
  }
}
