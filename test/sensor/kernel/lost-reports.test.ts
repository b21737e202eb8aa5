import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LostReports } from '../../../src/sensor/kernel/lost-reports.ts';

/** What each look at these pairs of reported and read reports finds lost. */
function lostAt(...looks: readonly (readonly [number, number])[]): number[] {
  const reports = new LostReports();
  return looks.map(([reported, read]) => {
    reports.look(reported, read);
    return reports.count;
  });
}

test.each([
  [
    'all is read',
    [
      [10, 10],
      [20, 20],
      [20, 20],
    ],
    [0, 0, 0],
  ],
  [
    'what is on its way is not lost',
    [
      [50_000, 10_000],
      [90_000, 50_000],
      [90_000, 90_000],
    ],
    [0, 0, 0],
  ],
  [
    'what is missing when nothing moves is lost',
    [
      [50_000, 49_000],
      [50_000, 49_000],
    ],
    [0, 1_000],
  ],
  [
    'what cannot be on its way is lost while the flood goes on',
    [
      [400_000, 100_000],
      [900_000, 700_000],
    ],
    [150_000, 150_000],
  ],
  [
    'a sensor that stood still reads it after all',
    [
      [100, 10],
      [100, 10],
      [100, 70],
      [100, 100],
    ],
    [0, 90, 30, 0],
  ],
] as const)('%s', (_what, looks, lost) => {
  expect(lostAt(...looks)).toEqual(lost);
});

test('whatever is lost on the way, it is never said too high, and exact in the end', () => {
  const step = fc.record({
    reported: fc.nat(200_000),
    lost: fc.nat(20_000),
    waiting: fc.nat(140_000),
  });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const reports = new LostReports();
      let [reported, lost, read] = [0, 0, 0];
      for (const each of steps) {
        reported += each.reported;
        lost += Math.min(each.lost, each.reported);
        read = Math.max(read, reported - lost - each.waiting);
        reports.look(reported, read);
        if (read === reported - lost) continue;
        // Something is on its way, so the next look differs from this one.
        expect(reports.count).toBeLessThanOrEqual(lost);
        read++;
      }
      for (let look = 0; look < 2; look++) reports.look(reported, reported - lost);
      expect(reports.count).toBe(lost);
    }),
  );
});
