import { beforeEach, describe, expect, test } from 'vitest';
import { Breaker, MAX_DEMAND } from '../../src/respond/breaker.ts';

const MAX = 10;
const START = 1_795_354_417_000;

let told: string[];
let breaker: Breaker;
beforeEach(() => {
  told = [];
  breaker = new Breaker({ max: MAX, tell: (text) => told.push(text) });
});

/** How many of `count` sources with this many connects are admitted at this time, in ms. */
function admitted(count: number, connects = 1, at = START): number {
  return Array.from({ length: count }, () => breaker.admits(connects, 'repeated', at)).filter(Boolean).length;
}

test('up to BLOCK_RATE_MAX new sources a minute are blocked at their first probe', () => {
  expect(admitted(MAX)).toBe(MAX);
  expect([breaker.isOpen, told]).toEqual([false, []]);
});

test('beyond that, sources of a single probe are only logged, and one line says so', () => {
  admitted(MAX);
  expect(admitted(1_000)).toBe(0);
  expect(breaker.isOpen).toBe(true);
  expect(told).toEqual([
    expect.stringContaining('More than 10 new sources were to be blocked within a minute'),
  ]);
});

test('a source of two probes is blocked all the same', () => {
  admitted(1_000);
  expect(admitted(1, 2)).toBe(1);
});

test('each BLOCK_RATE_MAX blocks raise the number of probes needed by one', () => {
  admitted(1_000);
  expect(admitted(1_000, 2)).toBe(MAX);
  expect(admitted(1_000, 3)).toBe(MAX);
  expect(admitted(1, 100)).toBe(1);
});

test('the demand has a ceiling: forged sources of many probes each do not raise it without end (fault 22)', () => {
  admitted(1_000);
  for (let connects = 2; connects < MAX_DEMAND; connects++) admitted(1_000, connects);
  expect(admitted(1_000, 24)).toBe(1_000);
  expect([admitted(1, MAX_DEMAND), admitted(1, MAX_DEMAND - 1)]).toEqual([1, 0]);
});

test.each(['reacts', 'handshake'] as const)('a source that %s is never held back (fault 22)', (evidence) => {
  admitted(1_000);
  expect(breaker.admits(1, evidence, START)).toBe(true);
});

test('sources that are proven do not open it', () => {
  for (let source = 0; source < 100; source++) breaker.admits(1, 'handshake', START);
  expect([breaker.isOpen, admitted(1)]).toEqual([false, 1]);
});

describe('it closes', () => {
  test('when BLOCK_RATE_MAX sources or fewer come within a minute', () => {
    admitted(1_000);
    breaker.tick(START + 59_000);
    expect(breaker.isOpen).toBe(true);
    breaker.tick(START + 60_000);
    expect(breaker.isOpen).toBe(false);
    expect(admitted(MAX, 1, START + 60_000)).toBe(MAX);
    expect(told).toHaveLength(2);
  });

  test('not while they keep coming, although none is blocked', () => {
    for (let second = 0; second < 300; second++) {
      admitted(5, 1, START + second * 1000);
      breaker.tick(START + second * 1000);
    }
    expect(breaker.isOpen).toBe(true);
    expect(told).toHaveLength(1);
  });
});

test('a clock that is set back forgets nothing; one that jumps ahead forgets everything', () => {
  admitted(MAX);
  expect(admitted(1, 1, START - 3_600_000)).toBe(0);
  breaker.tick(START + 86_400_000);
  expect(admitted(MAX, 1, START + 86_400_000)).toBe(MAX);
});

test('another limit applies at once', () => {
  admitted(MAX);
  breaker.configure(2 * MAX);
  expect(admitted(2 * MAX)).toBe(MAX);
  expect(breaker.threshold).toBe(2 * MAX);
});
