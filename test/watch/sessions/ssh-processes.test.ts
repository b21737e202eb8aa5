import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { maySeeProcesses, readSshSockets } from '../../../src/watch/sessions/ssh-processes.ts';
import { folderOf } from '../given.ts';

/** One process as /proc shows it. */
interface Shown {
  readonly pid: number;
  readonly exe: string;
  readonly uid: number;
  readonly title: string;
  readonly sockets?: readonly number[];
  readonly children?: readonly number[];
}

const SSHD = '/usr/sbin/sshd';
const SESSION = '/usr/lib/openssh/sshd-session';
const AUTH = '/usr/lib/openssh/sshd-auth';
const LISTENER: Shown = {
  pid: 32,
  exe: SSHD,
  uid: 0,
  title: 'sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups',
  sockets: [1],
};

/** The states of OpenSSH 9.2 are those that Debian 12 shows, those of 10.0 are Debian 13's. */
const STATES: [name: string, session: string | null, processes: Shown[]][] = [
  [
    'a connection that says nothing',
    null,
    [{ pid: 38, exe: SSHD, uid: 0, title: 'sshd: [accepted]', sockets: [9] }],
  ],
  [
    'a new process that has no name yet',
    null,
    [{ pid: 38, exe: SSHD, uid: 0, title: '/usr/sbin/sshd -D -R', sockets: [9] }],
  ],
  [
    'a password typed half-way, with PAM',
    null,
    [
      { pid: 125, exe: SSHD, uid: 0, title: 'sshd: alice [priv]', sockets: [9, 10] },
      { pid: 126, exe: SSHD, uid: 105, title: 'sshd: alice [net]', sockets: [9, 11] },
      { pid: 127, exe: SSHD, uid: 0, title: 'sshd: alice [pam]', sockets: [9, 10] },
    ],
  ],
  [
    'a login as root that has not succeeded',
    null,
    [
      { pid: 125, exe: SSHD, uid: 0, title: 'sshd: root [priv]', sockets: [9] },
      { pid: 126, exe: SSHD, uid: 105, title: 'sshd: root [net]', sockets: [9] },
    ],
  ],
  [
    'a user who does not exist, while a helper looks for keys',
    null,
    [
      { pid: 125, exe: SSHD, uid: 0, title: 'sshd: unknown [priv]', sockets: [9], children: [126, 200] },
      { pid: 126, exe: SSHD, uid: 105, title: 'sshd: unknown [net]', sockets: [9] },
      { pid: 200, exe: '/usr/bin/sss_ssh_authorizedkeys', uid: 0, title: 'sss' },
    ],
  ],
  [
    'a process before the login that has changed its name',
    null,
    [
      { pid: 125, exe: SSHD, uid: 0, title: 'sshd: alice [priv]', sockets: [9] },
      { pid: 126, exe: SSHD, uid: 105, title: 'sshd: alice@pts/0', sockets: [9] },
    ],
  ],
  ['root with a command', 'sshd', [{ pid: 295, exe: SSHD, uid: 0, title: 'sshd: root@notty', sockets: [9] }]],
  [
    'root with two terminals',
    'sshd',
    [{ pid: 295, exe: SSHD, uid: 0, title: 'sshd: root@pts/0,pts/1', sockets: [9] }],
  ],
  [
    'root without a command (ssh -N)',
    'sshd',
    [{ pid: 295, exe: SSHD, uid: 0, title: 'sshd: root', sockets: [9] }],
  ],
  [
    'a user with a terminal',
    'sshd',
    [
      { pid: 949, exe: SSHD, uid: 0, title: 'sshd: alice [priv]', sockets: [9] },
      { pid: 955, exe: SSHD, uid: 1001, title: 'sshd: alice@pts/0', sockets: [9] },
    ],
  ],
  [
    'a user without a command, of a program that an upgrade has replaced',
    'sshd',
    [
      { pid: 949, exe: `${SSHD} (deleted)`, uid: 0, title: 'sshd: alice [priv]', sockets: [9] },
      { pid: 955, exe: `${SSHD} (deleted)`, uid: 1001, title: 'sshd: alice', sockets: [9] },
    ],
  ],
  [
    'OpenSSH 10 before the login',
    null,
    [
      { pid: 949, exe: SESSION, uid: 0, title: 'sshd-session: alice [priv]', sockets: [9] },
      { pid: 955, exe: AUTH, uid: 105, title: 'sshd-auth: alice [net]', sockets: [9] },
    ],
  ],
  [
    'OpenSSH 10 before the login, of an account that has another name',
    null,
    [
      { pid: 949, exe: SESSION, uid: 0, title: 'sshd-session: alice [priv]', sockets: [9] },
      { pid: 955, exe: AUTH, uid: 117, title: 'sshd-auth: alice', sockets: [9] },
    ],
  ],
  [
    'OpenSSH 9.8 and newer, a user',
    'sshd',
    [
      { pid: 949, exe: SESSION, uid: 0, title: 'sshd-session: alice [priv]', sockets: [9] },
      { pid: 955, exe: SESSION, uid: 1001, title: 'sshd-session: alice@pts/0', sockets: [9] },
    ],
  ],
  [
    'OpenSSH 9.8 and newer, root',
    'sshd',
    [
      { pid: 154, exe: SESSION, uid: 0, title: 'sshd-session: root [priv]', sockets: [9] },
      { pid: 161, exe: SESSION, uid: 0, title: 'sshd-session: root@pts/0', sockets: [9] },
    ],
  ],
  [
    'a stranger at a port that a user forwards (ssh -R)',
    null,
    [
      { pid: 949, exe: SSHD, uid: 0, title: 'sshd: alice [priv]', sockets: [8] },
      { pid: 955, exe: SSHD, uid: 1001, title: 'sshd: alice', sockets: [8, 9] },
    ],
  ],
  [
    'an sshd that an ordinary user has started',
    null,
    [{ pid: 955, exe: SSHD, uid: 1001, title: 'sshd: alice', sockets: [9] }],
  ],
  [
    'another server that gives connections to users',
    null,
    [
      { pid: 949, exe: '/usr/sbin/vsftpd', uid: 0, title: 'vsftpd', sockets: [9] },
      { pid: 955, exe: '/usr/sbin/vsftpd', uid: 117, title: 'vsftpd: anonymous', sockets: [9] },
    ],
  ],
  [
    'a program that only calls itself sshd',
    null,
    [{ pid: 955, exe: '/tmp/x', uid: 0, title: 'sshd: root', sockets: [9] }],
  ],
  [
    'dropbear before the login',
    null,
    [{ pid: 70, exe: '/usr/sbin/dropbear', uid: 0, title: 'dropbear', sockets: [9] }],
  ],
  [
    'dropbear with a shell',
    'dropbear',
    [
      { pid: 70, exe: '/usr/sbin/dropbear', uid: 0, title: 'dropbear', sockets: [9], children: [71] },
      { pid: 71, exe: '/usr/bin/bash', uid: 1001, title: '-bash' },
    ],
  ],
  [
    'dropbear that has become its user, with a shell',
    'dropbear',
    [
      { pid: 60, exe: '/usr/sbin/dropbear', uid: 0, title: 'dropbear', sockets: [8], children: [70] },
      { pid: 70, exe: '/usr/sbin/dropbear', uid: 1001, title: 'dropbear', sockets: [9], children: [71] },
      { pid: 71, exe: '/usr/bin/bash', uid: 1001, title: '-bash' },
    ],
  ],
  [
    'a dropbear that an ordinary user has started, or another program of that name',
    null,
    [
      { pid: 60, exe: '/tmp/dropbear', uid: 33, title: 'dropbear', sockets: [8], children: [70] },
      { pid: 70, exe: '/tmp/dropbear', uid: 33, title: 'dropbear', sockets: [9], children: [71] },
      { pid: 71, exe: '/usr/bin/dash', uid: 33, title: 'sh' },
    ],
  ],
];

describe('a client of an SSH server is a session', () => {
  test.each(STATES)('%s: %s', (_name, session, processes) => {
    const proc = procOf([LISTENER, ...processes]);
    const { sessions, all } = readSshSockets(proc, `${proc}/passwd`);
    expect(sessions.get(9) ?? null).toBe(session);
    expect(sessions.has(1)).toBe(false);
    expect(all.has(1)).toBe(true);
  });
});

// A stranger at a port that root's session forwards gets a process of root with the name of a session.
test('a port that a session listens on for its user is one of the session', () => {
  const proc = procOf([{ pid: 295, exe: SSHD, uid: 0, title: 'sshd: root', sockets: [8, 7] }]);
  expect([...readSshSockets(proc, `${proc}/passwd`).sessions.keys()]).toEqual([8, 7]);
});

test('where nothing can be seen, nothing is found', () => {
  const proc = folderOf({ '32/comm': 'sshd\n' });
  expect(readSshSockets(proc, `${proc}/passwd`).all.size).toBe(0);
  expect([maySeeProcesses(proc), maySeeProcesses('/nonexistent')]).toEqual([false, false]);
  expect(readSshSockets('/nonexistent', '/nonexistent').all.size).toBe(0);
});

function procOf(processes: readonly Shown[]): string {
  const proc = folderOf({
    passwd: 'root:x:0:0::/root:/bin/sh\nsshd:x:105:65534::/run/sshd:/usr/sbin/nologin\n',
  });
  for (const { pid, exe, uid, title, sockets = [], children = [] } of processes) {
    const folder = `${proc}/${pid}`;
    mkdirSync(`${folder}/fd`, { recursive: true });
    mkdirSync(`${folder}/task/${pid}`, { recursive: true });
    const name =
      title.startsWith('sshd') && exe === '/tmp/x'
        ? 'sshd'
        : (exe.split('/').at(-1) ?? '').replace(/ .*/, '');
    writeFileSync(`${folder}/comm`, `${name.slice(0, 15)}\n`);
    const parent = processes.find(({ children = [] }) => children.includes(pid))?.pid ?? 1;
    writeFileSync(
      `${folder}/status`,
      `Name:\t${name}\nPPid:\t${parent}\nUid:\t${uid}\t${uid}\t${uid}\t${uid}\n`,
    );
    writeFileSync(`${folder}/cmdline`, `${title}     \0\0\0`);
    writeFileSync(`${folder}/task/${pid}/children`, children.map((child) => `${child} `).join(''));
    symlinkSync(exe, `${folder}/exe`);
    for (const [index, inode] of sockets.entries()) symlinkSync(`socket:[${inode}]`, `${folder}/fd/${index}`);
  }
  return proc;
}
