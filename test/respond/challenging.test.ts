import { expect, test } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { whyNoChallenge } from '../../src/respond/challenging.ts';
import { mayHold } from '../../src/respond/holding.ts';
import { configWith } from './given.ts';

const ASKED = { challenge: true, blockTcp: 1, blockUdp: 1, blockMethod: 'nftables', hold: true } as const;
const NEW = '6.1.0-18-amd64';

test.each<[string, Partial<Config>, string, RegExp | null]>([
  ['a new kernel', {}, NEW, null],
  ['the first one', {}, '5.19.0-50-generic', null],
  ['the newest one', {}, '6.18.44', null],
  ['nobody asks', { challenge: false, hold: false }, '4.4.0', null],
  ['a candidate of the first one', {}, '5.19.0-rc1', /random numbers of Linux 5\.19\.0-rc1 can be predicted/],
  ['one before', {}, '5.18.19', /random numbers of Linux 5\.18\.19 can be predicted/],
  ['a patched one, which does not tell', {}, '5.15.0-119-generic', /needs Linux 5\.19 or newer/],
  ['an old one', {}, '4.18.0-553.el8', /can be predicted/],
  ['an unknown one', {}, 'mine', /can be predicted/],
  ['the packet sensor', { sensor: 'packet' }, NEW, /SENSOR="packet"/],
  ['no holds', { hold: false }, NEW, /HOLD="0"/],
  ['no root', { user: 'portsentry' }, NEW, /USER/],
  ['logging alone', { blockTcp: 0 }, NEW, /no TCP probe leads to a block/],
  ['no method', { blockMethod: 'none' }, NEW, /no TCP probe leads to a block/],
])('the coin test with %s', (_what, settings, release, reason) => {
  const why = whyNoChallenge(configWith({ ...ASKED, ...settings }), release);
  if (reason === null) expect(why).toBeNull();
  else expect(why).toMatch(reason);
});

test.each<[string, Partial<Config>, boolean, [boolean, boolean]]>([
  ['the defaults with blocks', {}, false, [true, true]],
  ['BLOCK_SPOOFABLE="0"', { blockSpoofable: false }, false, [false, false]],
  ['the same with the coin test, which TCP alone can pass', { blockSpoofable: false }, true, [true, false]],
  ['HOLD="0"', { hold: false }, true, [false, false]],
  ['BLOCK_TCP="0"', { blockTcp: 0 }, true, [false, true]],
])('who is held with %s', (_what, settings, challenges, [tcp, udp]) => {
  const config = configWith({ ...ASKED, ...settings });
  expect(mayHold(config, 'tcp', challenges)).toBe(tcp);
  expect(mayHold(config, 'udp', challenges)).toBe(udp);
});
