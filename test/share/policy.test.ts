import { expect, test } from 'vitest';
import { mayShare } from '../../src/share/policy.ts';

test.each([
  ['handshake', 1, false, true],
  ['reacts', 1, false, true],
  ['repeated', 100, false, false],
  ['spoofable', 100, false, false],
  ['repeated', 2, true, false],
  ['repeated', 3, true, true],
  ['spoofable', 100, true, false],
  ['handshake', 1, true, true],
] as const)('evidence %s of %i ports with SHARE_REPEATED %s: %s', (evidence, ports, repeated, may) => {
  expect(mayShare(evidence, ports, { repeated })).toBe(may);
});
