import { readdirSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { readRecord, readSmall } from '../proc-net.ts';

/** Processes that are looked at, and descriptors of each of them. sshd keeps 100 strangers at most (MaxStartups). */
const MAX_PROCESSES = 4_096;
const MAX_DESCRIPTORS = 256;

/** A host with more accounts has them in a directory, and that of sshd near the top of the file. */
const MAX_PASSWD_BYTES = 1024 * 1024;

/** The accounts that sshd becomes before it knows its client. */
const ACCOUNTS_OF_SSHD: ReadonlySet<string> = new Set(['sshd', '_sshd']);

/** The sockets of SSH servers, by their inodes. */
export interface SshSockets {
  /**
   * The sockets of sessions, and the server: `sshd` or `dropbear`. Beside the client's connection they may be sockets
   * that the session listens on for its user (ssh -R), and connections accepted there.
   */
  readonly sessions: ReadonlyMap<number, string>;
  /** All sockets of SSH servers, listening or connected. */
  readonly all: ReadonlySet<number>;
}

interface SshProcess {
  readonly program: string;
  readonly pid: number;
  readonly parent: number;
  readonly uid: number;
  readonly title: string;
  readonly sockets: readonly number[];
}

/**
 * The connections that sshd or dropbear have given to a user, by what the kernel shows of their processes. Nothing that
 * a client can do without logging in brings it about:
 *
 * - sshd of a user is a process of that user, beside a process of root. Before the login it is one of the account sshd
 *   (`sshd: USER [net]`, since OpenSSH 10 the program sshd-auth) beside one of root (`sshd: USER [priv]`).
 * - sshd of root is a process of root that calls itself `sshd: root` or `sshd: root@TERMINAL`. Before the login each of
 *   its names has brackets.
 * - dropbear starts a shell or another program after the login, and never before. It stays root, or becomes the user (since
 * 2024.84); its parent of root is then the dropbear that listens. Any user can call a program dropbear.
 *
 * Without CAP_SYS_PTRACE, or where /proc hides processes, nothing is found (`maySeeProcesses`).
 */
export function readSshSockets(proc: string, passwd: string): SshSockets {
  const processes = sshProcesses(proc);
  const holders = new Map<number, SshProcess[]>();
  for (const one of processes)
    for (const inode of one.sockets) holders.set(inode, [...(holders.get(inode) ?? []), one]);
  const sessions = new Map<number, string>();
  const isSshdAccount = accountsOfSshd(passwd);
  for (const [inode, sharing] of holders) {
    const server = sharing.some(isDropbear) ? 'dropbear' : 'sshd';
    const isSession =
      server === 'dropbear'
        ? sharing.some((one) => isOfRoot(one, processes) && hasOtherChild(proc, one.pid))
        : sharing.some((one) => isOfUser(one, sharing, isSshdAccount));
    if (isSession) sessions.set(inode, server);
  }
  return { sessions, all: new Set(holders.keys()) };
}

/** Whether this process may see the descriptors of the processes of other users, as those of the first one. */
export function maySeeProcesses(proc: string): boolean {
  try {
    readdirSync(`${proc}/1/fd`);
    return true;
  } catch {
    return false;
  }
}

function isOfUser(
  { program, uid, title }: SshProcess,
  holders: readonly SshProcess[],
  isSshdAccount: (uid: number) => boolean,
): boolean {
  // The names are sshd's own: the names of users that it shows are of accounts of this host.
  if (program === 'sshd-auth' || title.includes('[')) return false;
  if (uid === 0) return /^sshd(-session)?: \S+$/.test(title);
  // The process of root that watches over the session has the socket too. It has none that the user's process accepts
  // for the user (ssh -R), and an sshd that an ordinary user has started has no such process.
  return holders.some((holder) => holder.uid === 0) && !isSshdAccount(uid);
}

/** Whether the dropbear is one of root's, or was started by one. */
function isOfRoot({ uid, parent }: SshProcess, processes: readonly SshProcess[]): boolean {
  return uid === 0 || processes.some((one) => one.pid === parent && one.uid === 0 && isDropbear(one));
}

function isDropbear({ program }: Pick<SshProcess, 'program'>): boolean {
  return program.startsWith('dropbear');
}

/** Whether a child of the process is another program. */
function hasOtherChild(proc: string, pid: number): boolean {
  const children = readRecord(`${proc}/${pid}/task/${pid}/children`).trim();
  if (children === '') return false;
  return children.split(' ').some((child) => {
    const program = programOf(proc, child);
    return program !== null && !program.startsWith('dropbear');
  });
}

function sshProcesses(proc: string): SshProcess[] {
  let names: string[];
  try {
    names = readdirSync(proc).filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
  const found: SshProcess[] = [];
  for (const name of names) {
    // The name is cheap to read and says little; the program is what counts.
    if (!/^(sshd|dropbear)/.test(readRecord(`${proc}/${name}/comm`))) continue;
    const program = programOf(proc, name);
    if (program === null || !/^(sshd|sshd-session|sshd-auth|dropbear|dropbearmulti)$/.test(program)) continue;
    const status = readRecord(`${proc}/${name}/status`);
    found.push({
      program,
      pid: Number(name),
      parent: Number(/^PPid:\s*(\d+)/m.exec(status)?.[1] ?? 0),
      uid: Number(/^Uid:\s*(\d+)/m.exec(status)?.[1] ?? 0),
      title: readRecord(`${proc}/${name}/cmdline`).replaceAll('\0', ' ').trim(),
      sockets: socketsOf(`${proc}/${name}/fd`),
    });
    if (found.length === MAX_PROCESSES) break;
  }
  return found;
}

/** The name of the program's file; null when it cannot be seen, as of kernel threads. */
function programOf(proc: string, pid: string): string | null {
  try {
    // An upgrade has replaced the file.
    return basename(readlinkSync(`${proc}/${pid}/exe`)).replace(/ \(deleted\)$/, '');
  } catch {
    return null;
  }
}

/** The inodes of the sockets that a process has, by its folder of descriptors. */
export function socketsOf(folder: string): number[] {
  try {
    return readdirSync(folder)
      .slice(0, MAX_DESCRIPTORS)
      .flatMap((name) => {
        const inode = /^socket:\[(\d+)\]$/.exec(linkOf(`${folder}/${name}`))?.[1];
        return inode === undefined ? [] : [Number(inode)];
      });
  } catch {
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/** Reads the accounts only if one is asked for. */
function accountsOfSshd(passwd: string): (uid: number) => boolean {
  let uids: ReadonlySet<number> | null = null;
  return (uid) => {
    uids ??= new Set(
      [...readSmall(passwd, MAX_PASSWD_BYTES).matchAll(/^([^:\n]+):[^:\n]*:(\d+):/gm)].flatMap(
        ([, name = '', number]) => (ACCOUNTS_OF_SSHD.has(name) ? [Number(number)] : []),
      ),
    );
    return uids.has(uid);
  };
}
