import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { appearsOnMaster, hasHardwareAddresses } from '../../src/watch/host.ts';
import { testFolder } from '../record/given.ts';

test.each([
  ['1', true],
  ['778', false],
  ['772', false],
])('frames of an interface of type %s have hardware addresses: %s', (type, expected) => {
  const folder = testFolder();
  mkdirSync(join(folder, 'gre7'));
  writeFileSync(join(folder, 'gre7', 'type'), `${type}\n`);
  expect(hasHardwareAddresses('gre7', folder)).toBe(expected);
});

test('of an interface that is gone nothing is known', () => {
  expect(hasHardwareAddresses('none', testFolder())).toBe(false);
});

test.each([
  ['a bridge', '0x1003', true],
  ['a bond', '0x1443', true],
  ['a VRF', '0x4c1', false],
])('frames of a port of %s appear on it, too: %s', (_kind, flags, expected) => {
  const folder = testFolder();
  for (const name of ['eth1', 'master']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'master', 'flags'), `${flags}\n`);
  expect(appearsOnMaster('eth1', folder)).toBe(false);
  symlinkSync('../master', join(folder, 'eth1', 'master'));
  expect(appearsOnMaster('eth1', folder)).toBe(expected);
});
