import { expect, test } from 'vitest';
import { Pace } from '../../src/daemon/pace.ts';

test('fault 29: four changes a second for an hour cause a few turns at once, and then one in each step', () => {
  const pace = new Pace(8, 10_000);
  const times = Array.from({ length: 4 * 3_600 }, (_, index) => index * 250);
  const taken = times.filter((now) => pace.take(now));
  expect(taken.slice(0, 10)).toEqual([0, 250, 500, 750, 1_000, 1_250, 1_500, 1_750, 10_000, 20_000]);
  expect(taken).toHaveLength(8 + 359);
});

test('a pause gives back no more than the first turns', () => {
  const pace = new Pace(2, 1_000);
  const take = (now: number) => [now, now, now].filter((time) => pace.take(time)).length;
  expect([take(0), take(999), take(1_000), take(1_000_000), take(1_000_500)]).toEqual([2, 0, 1, 2, 0]);
});
