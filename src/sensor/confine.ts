import { spawnSync } from 'node:child_process';
import { closeSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { SensorAccount } from './child-plan.ts';
import { Lack } from './lacks.ts';

/** The time limit of a helper program. */
const HELPER_TIMEOUT_MS = 5_000;

/** The first descriptor that is not standard input, output, error or the pipe of records. */
const FIRST_OTHER_FD = 4;

/** O_CLOEXEC in the flags of /proc/self/fdinfo (proc_pid_fdinfo(5)). */
const CLOSE_ON_EXEC = 0o2000000;

/**
 * No new process, thread, program, descriptor or octet of a file. What is open stays usable, which is all that a sensor
 * needs. Only a process with CAP_SYS_RESOURCE can raise a hard limit again.
 */
const LIMITS = ['--nproc=0:0', '--nofile=0:0', '--fsize=0:0'] as const;

/** SOL_SOCKET and SO_LOCK_FILTER of asm-generic/socket.h, which every architecture that Node runs on uses. */
const LOCK_FILTERS =
  'for (3..$ARGV[0]) { open(my $s, "+<&=", $_) or exit 1; setsockopt($s, 1, 44, pack("i", 1)) or exit 1 }';

/**
 * Closes descriptors that were open in the program that started the daemon. Node marks all of its own to be closed at an exec, so an
 * unmarked one comes from outside. Call it first.
 */
export function closeInherited(): void {
  for (const name of readdirSync('/proc/self/fd')) {
    const fd = Number(name);
    if (fd >= FIRST_OTHER_FD && isInherited(fd)) closeSync(fd);
  }
}

function isInherited(fd: number): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & CLOSE_ON_EXEC) === 0;
  } catch {
    // The descriptor that lists the folder is closed by now.
    return false;
  }
}

/**
 * Gives up whatever reading open devices does not need, for good: root, the rest of the capabilities, and the right to
 * open, start or write anything. `account` is null where the process is not root. Returns a mask of what this host could
 * not give.
 */
export function confine(account: SensorAccount | null): number {
  const isLocked = lockFilters();
  if (account !== null) {
    process.chdir('/');
    process.setgroups?.([]);
    process.setgid?.(account.gid);
    process.setuid?.(account.uid);
  }
  const status = readFileSync('/proc/self/status', 'utf8');
  const lacks =
    (isLocked ? 0 : Lack.lockedFilters) |
    (/^NoNewPrivs:\s*1$/m.test(status) ? 0 : Lack.noNewPrivileges) |
    (/^CapBnd:\s*0+$/m.test(status) ? 0 : Lack.emptyBoundingSet) |
    (/^CapEff:\s*0+$/m.test(status) ? 0 : Lack.noCapabilities) |
    (/^Seccomp:\s*2$/m.test(status) ? 0 : Lack.systemCallFilter);
  // The last step: afterwards nothing can be opened or started.
  const { status: code } = spawnSync('prlimit', ['--pid', String(process.pid), ...LIMITS], {
    stdio: 'ignore',
    timeout: HELPER_TIMEOUT_MS,
  });
  return code === 0 ? lacks : lacks | Lack.limits;
}

/**
 * Locks the filters of all packet sockets of this process, so that nobody can take them off (SO_LOCK_FILTER, socket(7)).
 * The binding does not offer its sockets, so a helper gets them. Returns false where that fails.
 */
function lockFilters(): boolean {
  const sockets = packetSockets();
  if (sockets.length === 0) return true;
  const last = 2 + sockets.length;
  const { status } = spawnSync('perl', ['-e', LOCK_FILTERS, String(last)], {
    stdio: ['ignore', 'ignore', 'ignore', ...sockets],
    timeout: HELPER_TIMEOUT_MS,
  });
  return status === 0;
}

/** The descriptors of this process's packet sockets. */
function packetSockets(): number[] {
  const rows = readFileSync('/proc/self/net/packet', 'utf8').split('\n').slice(1);
  const inodes = new Set(rows.map((row) => row.trim().split(/\s+/).at(-1)));
  return readdirSync('/proc/self/fd').flatMap((name) => {
    const inode = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/self/fd/${name}`))?.[1];
    return inode !== undefined && inodes.has(inode) ? [Number(name)] : [];
  });
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
