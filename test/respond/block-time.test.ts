import { expect, test } from 'vitest';
import { endOfBlock } from '../../src/respond/block-time.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const YEAR = 365.25 * DAY;

test.each<[what: string, time: number, factor: number, most: number, times: number, length: number | null]>([
  ['the first', HOUR, 2, 0, 1, HOUR],
  ['the second is longer', HOUR, 2, 0, 2, 2 * HOUR],
  ['the fifth', HOUR, 2, 0, 5, 16 * HOUR],
  ['a factor with a fraction', HOUR, 1.5, 0, 3, 2.25 * HOUR],
  ['a factor of one', HOUR, 1, 0, 100, HOUR],
  ['at most', HOUR, 2, 3 * HOUR, 3, 3 * HOUR],
  ['a limit below the first one', DAY, 2, HOUR, 1, DAY],
  ['a limit below the first one, later', DAY, 2, HOUR, 9, DAY],
  ['for ever', 0, 2, HOUR, 1, null],
  ['longer than a century is for ever', YEAR, 10, 0, 4, null],
  ['beyond all numbers', DAY, 1000, 0, 1_000_000, null],
])('%s', (_what, blockTime, blockTimeFactor, blockTimeMax, times, length) => {
  const now = 1_795_354_417_000;
  const end = endOfBlock({ blockTime, blockTimeFactor, blockTimeMax }, times, now);
  expect(end).toBe(length === null ? null : now + length);
});
