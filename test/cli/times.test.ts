import { expect, test } from 'vitest';
import { formatDuration, formatEnd } from '../../src/cli/times.ts';

test.each([
  [0, '0 s'],
  [999, '0 s'],
  [1_000, '1 s'],
  [59_999, '59 s'],
  [60_000, '1 min'],
  [61_000, '1 min 1 s'],
  [3_600_000, '1 h'],
  [3_601_000, '1 h'],
  [11_520_000, '3 h 12 min'],
  [86_400_000 * 2 + 3_600_000 * 5 + 60_000, '2 d 5 h'],
  [86_400_000 * 3_650, '3650 d'],
])('%d ms is %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test.each<[until: number | null, text: string]>([
  [null, 'never'],
  [1_000, 'now'],
  [61_000, 'in 1 min'],
])('an end at %j', (until, text) => {
  expect(formatEnd(until, 1_000)).toBe(text);
});
