import { expect, test } from 'vitest';
import { nearest } from '../../src/config/nearest.ts';

const KNOWN = ['TCP_PORTS', 'UDP_PORTS', 'KILL_ROUTE', 'KILL_RUN_CMD', 'SCAN_TRIGGER', 'FOR'];

test.each([
  ['a missing letter', 'SCAN_TRIGER', 'SCAN_TRIGGER'],
  ['an extra letter', 'KILL_ROUTES', 'KILL_ROUTE'],
  ['a wrong letter', 'TCP-PORTS', 'TCP_PORTS'],
  ['two letters swapped', 'UPD_PORTS', 'UDP_PORTS'],
  ['two letters swapped, which is one mistake', 'fro', 'FOR'],
  ['lower case', 'kill_route', 'KILL_ROUTE'],
  ['the nearer of two', 'KILL_RUNCMD', 'KILL_RUN_CMD'],
  ['the word itself', 'TCP_PORTS', 'TCP_PORTS'],
])('%s', (_name, word, meant) => {
  expect(nearest(word, KNOWN)).toBe(meant);
});

test.each(['', 'X', 'HOSTNAME', 'A'.repeat(100_000)])('no word is near %.20j', (word) => {
  expect(nearest(word, KNOWN)).toBeNull();
});
