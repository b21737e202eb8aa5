import { readFileSync } from 'node:fs';

/** The sockets of netlink in this network namespace, and the number of netfilter's protocol (linux/netlink.h). */
const NETLINK_SOCKETS = '/proc/net/netlink';
const NETLINK_NETFILTER = '12';

/** The groups of NFLOG that a program has bound in this network namespace. Readable by root. */
const BOUND_GROUPS = '/proc/net/netfilter/nfnetlink_log';

/** The names of the daemon's processes in /proc/PID/stat, and of the program that keeps a table for it. */
const DAEMON_NAME = /^portsentry/;
const NFT_NAME = 'nft';

/**
 * The process of another portsentry that changes tables of this network namespace; null when none is seen. One in
 * another process namespace is not.
 */
export function findOtherDaemon(ownPid: number): number | null {
  for (const row of read(NETLINK_SOCKETS)?.split('\n').slice(1) ?? []) {
    const [, protocol, pid] = row.trim().split(/\s+/);
    if (protocol !== NETLINK_NETFILTER || pid === undefined || !/^[1-9]\d*$/.test(pid)) continue;
    const child = statOf(pid);
    if (child?.name !== NFT_NAME || child.parent === String(ownPid)) continue;
    if (DAEMON_NAME.test(statOf(child.parent)?.name ?? '')) return Number(child.parent);
  }
  return null;
}

/** The NFLOG groups that have a reader here; null when that cannot be read. */
export function boundGroups(): ReadonlySet<number> | null {
  const text = read(BOUND_GROUPS);
  if (text === null) return null;
  return new Set([...text.matchAll(/^ *(\d+)/gm)].map(([, group]) => Number(group)));
}

/** The name and the parent of a process: `PID (NAME) STATE PPID ...` (proc_pid_stat(5)); null when it is gone. */
function statOf(pid: string): { readonly name: string; readonly parent: string } | null {
  const [, name, parent] = /^\d+ \((.*)\) \S (\d+) /s.exec(read(`/proc/${pid}/stat`) ?? '') ?? [];
  return name === undefined || parent === undefined ? null : { name, parent };
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
