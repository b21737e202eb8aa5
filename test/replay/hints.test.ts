import { expect, test } from 'vitest';
import { unwatchedHint } from '../../src/replay/hints.ts';
import { Skip } from '../../src/watch/skipped.ts';

test('one mode does not watch a port, two modes do not', () => {
  const skipped = new Float64Array(16);
  skipped[Skip.tcpPort] = 1;
  expect(unwatchedHint(0, skipped, { tcp: 'atcp', udp: null })).toMatch(/that atcp does not watch/);
  expect(unwatchedHint(0, skipped, { tcp: 'stcp', udp: 'sudp' })).toMatch(/that stcp and sudp do not watch/);
  expect(unwatchedHint(1, skipped, { tcp: 'atcp', udp: null })).toBeNull();
});
