import { expect, test } from 'vitest';
import {
  changeCommands,
  readChain,
  removalCommands,
  repairCommands,
  spareCommands,
} from '../../../src/firewall/iptables/chain.ts';
import { blocking, releasing, targetOf } from '../given.ts';

const OTHERS = ['-P PREROUTING ACCEPT', '-P OUTPUT ACCEPT', '-N MINE', '-A PREROUTING -j MINE'];
const OURS = ['-N PORTSENTRY', '-A PREROUTING -j PORTSENTRY'];

test('only the rules of our chain are read', () => {
  const state = readChain([
    ...OTHERS,
    ...OURS,
    '-A MINE -s 203.0.113.1/32 -j DROP',
    '-A PORTSENTRY -s 192.0.2.0/24 -j RETURN',
    '-A PORTSENTRY -s 10.99.0.1/32 -j DROP',
    '-A PORTSENTRY -s 10.99.0.1/32 -j DROP',
    '-A PORTSENTRY -s 2001:db8::/64 -j DROP',
    '-A PORTSENTRY -s 10.99.0.9/32 -p tcp -j DROP',
  ]);
  expect(state).toEqual({
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
])('the repair of %j', (rules, commands) => {
  expect(repairCommands(readChain(rules))).toEqual(commands);
});

test('only changes that are needed are made, and only while the jump to our chain exists', () => {
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

test('the spared targets replace the earlier ones, at the head', () => {
  const state = readChain([...OURS, '-A PORTSENTRY -s 192.0.2.0/24 -j RETURN']);
  expect(spareCommands(state, [targetOf('10.0.0.0/8'), targetOf('127.0.0.1')])).toEqual([
    '-D PORTSENTRY -s 192.0.2.0/24 -j RETURN',
    '-I PORTSENTRY 1 -s 10.0.0.0/8 -j RETURN',
    '-I PORTSENTRY 1 -s 127.0.0.1/32 -j RETURN',
  ]);
});

test('only what exists is removed', () => {
  expect(removalCommands(readChain(OTHERS))).toEqual([]);
  expect(removalCommands(readChain([...OTHERS, ...OURS]))).toEqual([
    '-D PREROUTING -j PORTSENTRY',
    '-F PORTSENTRY',
    '-X PORTSENTRY',
  ]);
});
