import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HoldBudget } from '../../../src/sensor/kernel/hold-budget.ts';

const HOLD_MS = 10_000;
const MINUTE_MS = 60_000;

/** Asks for a hold at each of these times (ms), and takes those that are allowed. Returns the spans that were held. */
function spansHeld(times: readonly number[]): [from: number, to: number][] {
  const budget = new HoldBudget(HOLD_MS);
  const spans: [number, number][] = [];
  for (const time of times) {
    if (!budget.allows('10.0.0.1', time)) continue;
    budget.spend('10.0.0.1', time);
    spans.push([time, time + HOLD_MS]);
  }
  return spans;
}

/** How long the spans cover together, ms; they are in the order of their beginnings. */
function covered(spans: readonly (readonly [number, number])[]): number {
  let sum = 0;
  let end = Number.NEGATIVE_INFINITY;
  for (const [from, to] of spans) {
    sum += Math.max(0, to - Math.max(from, end));
    end = Math.max(end, to);
  }
  return sum;
}

test('six holds one after the other are allowed, a seventh only when ten minutes are over', () => {
  const times = Array.from({ length: 7 }, (_, index) => index * HOLD_MS);
  expect(spansHeld(times)).toHaveLength(6);
  expect(spansHeld([...times, 10 * MINUTE_MS - 1, 10 * MINUTE_MS])).toHaveLength(7);
});

test('whatever is sent, a source is held for at most a minute within ten of its window', () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 120 });
  fc.assert(
    fc.property(gaps, (steps) => {
      let time = 0;
      const times = steps.map((step) => (time += step));
      const inWindow = spansHeld(times.filter((at) => at - (times[0] ?? 0) < 10 * MINUTE_MS));
      expect(covered(inWindow)).toBeLessThanOrEqual(MINUTE_MS);
    }),
  );
});

test('one source has nothing to do with another, and what is left of the window is known', () => {
  const budget = new HoldBudget(HOLD_MS);
  for (let hold = 0; hold < 6; hold++) budget.spend('10.0.0.1', hold * HOLD_MS);
  expect(budget.allows('10.0.0.1', MINUTE_MS)).toBe(false);
  expect(budget.allows('10.0.0.2', MINUTE_MS)).toBe(true);
  expect([budget.restOf('10.0.0.1', MINUTE_MS), budget.restOf('10.0.0.2', MINUTE_MS)]).toEqual([540_000, 0]);
});
