import { expect, test } from 'vitest';
import { OldConnections, runsAsConfigured } from '../../../src/watch/sessions/old-connections.ts';
import { address } from '../../track/given.ts';
import { folderOf } from '../given.ts';

const SETTINGS = { ports: new Set([22]), graceMs: 120_000 };
const CONNECTION = { peer: address('10.0.0.9'), localPort: 22, listener: { uid: 0, inodes: [1] }, inode: 9 };
const RUNS = { isRunning: () => true };

test('a connection counts when it was seen for longer than a login may take', () => {
  const old = new OldConnections(RUNS);
  const look = (now: number) => old.look([CONNECTION], SETTINGS, now).length;
  expect([0, 120_000, 150_000, 150_001].map(look)).toEqual([0, 0, 0, 1]);
});

test.each([
  ['another connection of the source', { ...CONNECTION, inode: 10 }, SETTINGS],
  ['a port that is not sshd’s', { ...CONNECTION, localPort: 80 }, SETTINGS],
  ['a listener that is not root’s', { ...CONNECTION, listener: { uid: 1000, inodes: [1] } }, SETTINGS],
  ['a connection that sshd has not accepted', { ...CONNECTION, inode: 0 }, SETTINGS],
  ['LoginGraceTime 0', CONNECTION, { ...SETTINGS, graceMs: null }],
  ['a longer LoginGraceTime', CONNECTION, { ...SETTINGS, graceMs: 600_000 }],
])('%s does not', (_name, later, settings) => {
  const old = new OldConnections(RUNS);
  old.look([later.inode === 10 ? CONNECTION : later], settings, 0);
  expect(old.look([later], settings, 200_000)).toEqual([]);
});

test('nor one while no sshd runs as its configuration says', () => {
  const old = new OldConnections({ isRunning: () => false });
  old.look([CONNECTION], SETTINGS, 0);
  expect(old.look([CONNECTION], SETTINGS, 200_000)).toEqual([]);
});

test('a connection that was away begins anew', () => {
  const old = new OldConnections(RUNS);
  for (const [connections, now] of [
    [[CONNECTION], 0],
    [[], 1_000],
    [[CONNECTION], 2_000],
  ] as const)
    old.look(connections, SETTINGS, now);
  expect(old.look([CONNECTION], SETTINGS, 151_000)).toEqual([]);
});

test.each([
  ['runs', 'SSHD_OPTS=\n', '42\n', true],
  ['runs with other options', 'SSHD_OPTS="-4 -D"\n', '42\n', true],
  ['does not run', 'SSHD_OPTS=\n', '43\n', false],
  ['has no pid file', '', null, false],
  ['has another LoginGraceTime', 'SSHD_OPTS="-g 0"\n', '42\n', false],
  ['has it as an option', "OPTIONS='-4 -o LoginGraceTime=0'\n", '42\n', false],
  ['has another configuration', 'SSHD_OPTS=-f/etc/ssh/other\n', '42\n', false],
  ['has options in a comment', '# SSHD_OPTS="-g 0"\n', '42\n', true],
])('sshd %s', (_name, options, pid, expected) => {
  const folder = folderOf({ options, ...(pid === null ? {} : { pid }) });
  const files = { options: [`${folder}/options`, `${folder}/none`], pid: [`${folder}/pid`] };
  expect(runsAsConfigured((number) => number === 42, files)).toBe(expected);
});
