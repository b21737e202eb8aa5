import { expect, test } from 'vitest';
import { mayTryAgain } from '../../src/respond/retry.ts';

const FAILED_AT = 1_795_354_417_000;

const PAUSES: [failures: number, pause: number][] = [
  [1, 0],
  [2, 1_000],
  [3, 2_000],
  [4, 4_000],
  [5, 8_000],
  [7, 32_000],
  [8, 60_000],
  [9, 60_000],
  [5_000, 60_000],
];

test.each(PAUSES)('after %i failures the next attempt waits %i ms', (failures, pause) => {
  expect(mayTryAgain(failures, FAILED_AT, FAILED_AT + pause)).toBe(true);
  if (pause > 0) expect(mayTryAgain(failures, FAILED_AT, FAILED_AT + pause - 1)).toBe(false);
});

test('a clock that was set back by an hour delays no retry', () => {
  expect(mayTryAgain(9, FAILED_AT, FAILED_AT - 3_600_000)).toBe(true);
});
