import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The programs that make a host, and the Debian packages that have them. */
const PROGRAMS: Readonly<Record<string, string>> = {
  unshare: 'util-linux',
  nsenter: 'util-linux',
  mount: 'mount',
  ip: 'iproute2',
  bash: 'bash',
};

/** The namespaces that make a host, by their names in /proc/PID/ns. */
const NAMESPACES = ['net', 'mnt', 'pid'];

/** Bit of the capability in /proc/PID/status (capabilities(7)). */
const CAP_SYS_ADMIN = 21;

/** What a machine has of what a lab needs. */
export interface Machine {
  readonly isRoot: boolean;
  readonly mayAdminister: boolean;
  readonly programs: readonly string[];
  readonly namespaces: readonly string[];
}

/** What the machine of the test has. */
export function thisMachine(): Machine {
  const folders = (process.env.PATH ?? '').split(':');
  const effective = /^CapEff:\s*(\w+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  return {
    isRoot: process.getuid?.() === 0,
    mayAdminister: (BigInt(`0x${effective}`) >> BigInt(CAP_SYS_ADMIN)) % 2n === 1n,
    programs: Object.keys(PROGRAMS).filter((name) =>
      folders.some((folder) => existsSync(join(folder, name))),
    ),
    namespaces: NAMESPACES.filter((name) => existsSync(`/proc/self/ns/${name}`)),
  };
}

/** Why a host could not be made there, in one line: the first need that the machine does not meet, else the complaint. */
export function reasonOf(
  complaint: string,
  { isRoot, mayAdminister, programs, namespaces }: Machine,
): string {
  const absent = Object.keys(PROGRAMS).filter((name) => !programs.includes(name));
  const unknown = NAMESPACES.filter((name) => !namespaces.includes(name));
  if (!isRoot) return 'the lab makes namespaces: run these tests as root (sudo make test)';
  if (absent.length > 0) {
    const packages = [...new Set(absent.map((name) => PROGRAMS[name]))];
    return `the lab needs ${absent.join(', ')}, not found in PATH: apt-get install ${packages.join(' ')}`;
  }
  if (unknown.length > 0)
    return `the lab needs namespaces that this kernel does not have: ${unknown.join(', ')}`;
  if (!mayAdminister)
    return 'the lab makes namespaces: root needs CAP_SYS_ADMIN for that, which is withheld here';
  // unshare(2), ENOSPC
  if (/^unshare: .*No space left/.test(complaint))
    return 'the lab makes namespaces, and this machine allows no more: see sysctl user.max_net_namespaces and the like';
  if (/overlay/.test(complaint)) return `the lab needs a kernel with overlayfs: ${complaint}`;
  return `the lab could not make a host: ${complaint}`;
}
