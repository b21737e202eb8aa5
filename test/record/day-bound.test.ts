import { expect, test } from 'vitest';
import { DayBound } from '../../src/record/day-bound.ts';
import { NOON } from './given.ts';

const DAY_MS = 86_400_000;

test('fault 29: a flood writes no more than the bound of a day, which is said once', () => {
  const told: string[] = [];
  const bound = new DayBound('EVENT_FILE, probes', 1_000, (text) => told.push(text));
  // A whole day of a flood, and the second one.
  const allowed = [0, 1].map((day) => {
    let count = 0;
    for (let line = 0; line < 50_000; line++) if (bound.allows(NOON + day * DAY_MS + line * 1_000)) count++;
    return count;
  });
  expect(allowed).toEqual([1_000, 1_000]);
  expect(told).toHaveLength(2);
  expect(told[0]).toBe(
    'EVENT_FILE, probes: 1000 lines were written within a day, and no more are until it is over.',
  );
});

test('a clock that is set back by less than a day gives no second allowance', () => {
  const bound = new DayBound('x', 10, () => {});
  const allowed = (now: number) => Array.from({ length: 20 }, () => bound.allows(now)).filter(Boolean).length;
  expect([allowed(NOON), allowed(NOON - 3_600_000), allowed(NOON + DAY_MS)]).toEqual([10, 0, 10]);
});
