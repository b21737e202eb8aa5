import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hasHardwareAddresses } from '../../src/watch/host.ts';
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
