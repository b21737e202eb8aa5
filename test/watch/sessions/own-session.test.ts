import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { OF_THIS_HOST } from '../../../src/watch/lifelines.ts';
import { ownSession } from '../../../src/watch/sessions/own-session.ts';
import { folderOf } from '../given.ts';

/** 10.0.0.7 has the connection of the session; 10.0.0.9 is connected to a port that the session forwards. */
const TCP = [
  '00000000:0016 00000000:0000 0A 1',
  '00000000:0BB9 00000000:0000 0A 8',
  '0200000A:0016 0700000A:8000 01 7',
  '0200000A:0BB9 0900000A:8000 01 9',
  '0200000A:0016 0600000A:8000 01 6',
].map((row) => {
  const [local, remote, state, inode] = row.split(' ');
  return `  0: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0 100\n`;
});

/** A shell (103) of a session of sshd (102), whose daemon is 32. */
function pathsOf() {
  const proc = folderOf({ 'net/tcp': `  sl  local_address\n${TCP.join('')}` });
  for (const [pid, parent, comm, sockets] of [
    [32, 1, 'sshd', [1]],
    [102, 32, 'sshd-session', [7, 8, 9]],
    [103, 102, 'bash', []],
    [200, 32, 'sshd-session', [6]],
  ] as const) {
    mkdirSync(`${proc}/${pid}/fd`, { recursive: true });
    writeFileSync(`${proc}/${pid}/comm`, `${comm}\n`);
    writeFileSync(`${proc}/${pid}/status`, `Name:\t${comm}\nPPid:\t${parent}\n`);
    for (const inode of sockets) symlinkSync(`socket:[${inode}]`, `${proc}/${pid}/fd/${inode}`);
  }
  const nothing = '/nonexistent';
  return { ...OF_THIS_HOST, proc, procNet: `${proc}/net`, utmp: nothing, logind: nothing };
}

test.each([
  [103, undefined, ['10.0.0.7']],
  [103, '2001:db8::5 50000 2001:db8::2 22', ['2001:db8::5', '10.0.0.7']],
  [103, 'nonsense', ['10.0.0.7']],
  [999, undefined, []],
])('process %i with SSH_CONNECTION %j has its session from %j', (pid, variable, expected) => {
  expect(ownSession(pid, variable, pathsOf())).toEqual(expected);
});
