import { expect, test } from 'vitest';
import { LineBudget } from '../../src/record/line-budget.ts';
import { NOON } from './given.ts';

function given(limits = { perSecond: 100, perDay: 1_000 }) {
  const told: string[] = [];
  const budget = new LineBudget(limits, (text) => told.push(text));
  /** How many of `count` lines at the time are allowed. */
  const allowed = (count: number, now: number) =>
    Array.from({ length: count }, () => budget.allows(now)).filter(Boolean).length;
  return { budget, told, allowed };
}

test('so many lines a second, and the rest is counted once a minute', () => {
  const { budget, told, allowed } = given();
  expect(allowed(150, NOON)).toBe(100);
  expect(allowed(150, NOON + 1_000)).toBe(100);
  budget.tick(NOON + 59_999);
  expect(told).toEqual([]);
  budget.tick(NOON + 60_000);
  budget.tick(NOON + 120_000);
  expect(told).toEqual(['100 probes have no line, above 100 a second or 1000 a day.']);
});

test('the bound of a day is said once, and a new day begins anew', () => {
  const { budget, told, allowed } = given({ perSecond: 100, perDay: 150 });
  expect([allowed(100, NOON), allowed(100, NOON + 1_000), allowed(100, NOON + 2_000)]).toEqual([100, 50, 0]);
  expect(told).toEqual(['Probes have had 150 lines within a day; until it is over they are only counted.']);
  budget.flush();
  expect(told[1]).toMatch(/^150 probes have no line/);
  expect(allowed(100, NOON + 86_400_000)).toBe(100);
});

test('a clock that is set back by an hour stops no line', () => {
  const { allowed } = given();
  allowed(100, NOON);
  expect(allowed(10, NOON - 3_600_000)).toBe(10);
});
