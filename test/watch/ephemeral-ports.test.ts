import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readEphemeralPorts } from '../../src/watch/ephemeral-ports.ts';
import { testFolder } from '../record/given.ts';

test.each([
  ['1024\t65000\n', { first: 1_024, last: 65_000 }],
  ['32768\t60999\n', { first: 32_768, last: 60_999 }],
  ['rubbish\n', { first: 32_768, last: 60_999 }],
  ['60000\t1\n', { first: 32_768, last: 60_999 }],
  ['', { first: 32_768, last: 60_999 }],
])('%j', (text, range) => {
  const file = join(testFolder(), 'ip_local_port_range');
  writeFileSync(file, text);
  expect(readEphemeralPorts(file)).toEqual(range);
});

test("this host's own range can be read", () => {
  const { first, last } = readEphemeralPorts();
  expect(last).toBeGreaterThan(first);
});
