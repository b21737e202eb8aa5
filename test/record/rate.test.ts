import { beforeEach, expect, test } from 'vitest';
import { Rate } from '../../src/record/rate.ts';
import { NOON } from './given.ts';

let refused: number[];
let rate: Rate;

beforeEach(() => {
  refused = [];
  rate = new Rate(3, (count) => refused.push(count));
});

function ask(times: number, now: number): number {
  return Array.from({ length: times }, () => rate.allows(now)).filter(Boolean).length;
}

test('allows its number in a second, and reports the rest once when the second is over', () => {
  expect(ask(10, NOON)).toBe(3);
  expect(ask(5, NOON + 999)).toBe(0);
  expect(refused).toEqual([]);
  expect(ask(1, NOON + 1_000)).toBe(1);
  expect(refused).toEqual([12]);
});

test('reports nothing when it refused nothing', () => {
  ask(3, NOON);
  rate.tick(NOON + 1_000);
  rate.flush();
  expect(refused).toEqual([]);
});

test('a tick reports what was refused before a silence', () => {
  ask(4, NOON);
  rate.tick(NOON + 500);
  expect(refused).toEqual([]);
  rate.tick(NOON + 1_500);
  expect(refused).toEqual([1]);
});

test('a flush reports it at once', () => {
  ask(5, NOON);
  rate.flush();
  expect(refused).toEqual([2]);
});

test('a clock that was set back begins a new second', () => {
  ask(3, NOON);
  expect(ask(1, NOON - 3_600_000)).toBe(1);
});
