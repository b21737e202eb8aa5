import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CounterSums } from '../../../src/sensor/kernel/counter-sums.ts';
import { type Counters, countersWith } from '../../../src/sensor/kernel/plan.ts';

const counters = (reported: number, shed = 0): Counters => ({
  ...countersWith(() => 0),
  reported,
  shed,
});

test('tables add up', () => {
  const sums = new CounterSums();
  sums.take(counters(5, 2), 1, 0);
  sums.take(counters(7, 3), 1, 7);
  sums.take(counters(1, 1), 2, 8);
  expect(sums.sums).toEqual(counters(8, 4));
});

test('what was read was reported, also by a table that went before it was asked', () => {
  const sums = new CounterSums();
  sums.take(counters(100), 1, 60);
  sums.take(counters(0), 2, 180);
  expect(sums.sums.reported).toBe(180);
  sums.take(counters(50), 2, 200);
  expect(sums.sums.reported).toBe(230);
});

test('never more than there was, and never less than was read', () => {
  // Each step: packets reported, how many of those that wait are read, and whether the table is made anew, or asked.
  const step = fc.record({
    reported: fc.nat(100),
    read: fc.nat(100),
    next: fc.constantFrom('look', 'load', null),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
      const sums = new CounterSums();
      let [all, read, loads, present] = [0, 0, 1, 0];
      for (const { reported, read: more, next } of steps) {
        all += reported;
        present += reported;
        read = Math.min(all, read + more);
        if (next === 'load') [loads, present] = [loads + 1, 0];
        if (next !== 'look') continue;
        sums.take(counters(present), loads, read);
        expect(sums.sums.reported).toBeGreaterThanOrEqual(read);
        expect(sums.sums.reported).toBeLessThanOrEqual(all);
      }
    }),
  );
});
