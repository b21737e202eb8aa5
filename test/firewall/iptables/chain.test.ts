import { expect, test } from 'vitest';
import {
  changeCommands,
  passCommands,
  readStanding,
  removal,
  repairs,
} from '../../../src/firewall/iptables/chain.ts';
import { blocking, releasing, targetOf } from '../given.ts';

const OTHERS = ['-P PREROUTING ACCEPT', '-P OUTPUT ACCEPT', '-N MINE', '-A PREROUTING -j MINE'];
const OURS = ['-N PORTSENTRY', '-A PREROUTING -j PORTSENTRY'];

test('of all rules those of our chain are read', () => {
  const standing = readStanding([
    ...OTHERS,
    ...OURS,
    '-A MINE -s 203.0.113.1/32 -j DROP',
    '-A PORTSENTRY -s 192.0.2.0/24 -j RETURN',
    '-A PORTSENTRY -s 10.99.0.1/32 -j DROP',
    '-A PORTSENTRY -s 10.99.0.1/32 -j DROP',
    '-A PORTSENTRY -s 2001:db8::/64 -j DROP',
    '-A PORTSENTRY -s 10.99.0.9/32 -p tcp -j DROP',
  ]);
  expect(standing).toEqual({
    hasChain: true,
    jumps: 1,
    blocks: new Map([
      ['10.99.0.1', 2],
      ['2001:db8::/64', 1],
    ]),
    passes: ['-A PORTSENTRY -s 192.0.2.0/24 -j RETURN'],
  });
});

test.each([
  [OTHERS, ['-N PORTSENTRY', '-I PREROUTING 1 -j PORTSENTRY']],
  [[...OTHERS, '-N PORTSENTRY'], ['-I PREROUTING 1 -j PORTSENTRY']],
  [[...OTHERS, ...OURS], []],
  [[...OTHERS, ...OURS, '-A PREROUTING -j PORTSENTRY'], ['-D PREROUTING -j PORTSENTRY']],
  [
    [...OURS, ...Array<string>(3).fill('-A PORTSENTRY -s 10.99.0.1/32 -j DROP')],
    Array<string>(2).fill('-D PORTSENTRY -s 10.99.0.1/32 -j DROP'),
  ],
])('what makes %j right', (rules, commands) => {
  expect(repairs(readStanding(rules))).toEqual(commands);
});

test('only what is not so is changed, and only while our chain is reached', () => {
  const changes = [
    blocking('10.99.0.1'),
    blocking('10.99.0.2'),
    releasing('10.99.0.3'),
    releasing('2001:db8::/64'),
  ];
  expect(changeCommands(changes, new Set(['10.99.0.1', '2001:db8::/64']))).toEqual([
    '-C PREROUTING -j PORTSENTRY',
    '-A PORTSENTRY -s 10.99.0.2/32 -j DROP',
    '-D PORTSENTRY -s 2001:db8::/64 -j DROP',
  ]);
});

test('who passes now takes the place of who passed before, at the head', () => {
  const standing = readStanding([...OURS, '-A PORTSENTRY -s 192.0.2.0/24 -j RETURN']);
  expect(passCommands(standing, [targetOf('10.0.0.0/8'), targetOf('127.0.0.1')])).toEqual([
    '-D PORTSENTRY -s 192.0.2.0/24 -j RETURN',
    '-I PORTSENTRY 1 -s 10.0.0.0/8 -j RETURN',
    '-I PORTSENTRY 1 -s 127.0.0.1/32 -j RETURN',
  ]);
});

test('no more is taken away than is there', () => {
  expect(removal(readStanding(OTHERS))).toEqual([]);
  expect(removal(readStanding([...OTHERS, ...OURS]))).toEqual([
    '-D PREROUTING -j PORTSENTRY',
    '-F PORTSENTRY',
    '-X PORTSENTRY',
  ]);
});
