import { expect, test } from 'vitest';
import { readMoment, readSpan } from '../../src/cli/moments.ts';

const NOW = Date.parse('2026-12-01T12:00:00Z');

test.each<[text: string, expected: number]>([
  ['2026-11-23 22:30:35.446123', new Date(2026, 10, 23, 22, 30, 35, 446).getTime() + 0.123],
  ['2026-11-23T22:30:35.446123789Z', Date.parse('2026-11-23T22:30:35Z') + 446.123789],
  ['2026-11-23T22:30:35.5+01:00', Date.parse('2026-11-23T21:30:35.500Z')],
  ['1795354417', 1_795_354_417_000],
  ['1795354417.25', 1_795_354_417_250],
  ['999999999', 999_999_999_000],
  ['2028-02-29T00:00Z', Date.parse('2028-02-29T00:00Z')],
  ['1969-12-31', 0],
  ['0001-01-01', 0],
])('%s is a time', (text, expected) => {
  expect(readMoment(text, '--since', NOW)).toBeCloseTo(expected, 3);
});

test('a time of the day may be as fine', () => {
  const noon = new Date(2026, 11, 1, 13, 33, 37).getTime();
  expect(readMoment('13:33:37.000250', '--since', new Date(2026, 11, 1).getTime())).toBeCloseTo(
    noon + 0.25,
    3,
  );
});

test.each([
  '2026-02-30',
  '2026-02-29 12:00',
  '2026-13-01',
  '2026-00-10',
  '2026-11-31T00:00Z',
  '2026-11-22T24:00',
  '24:00',
  '12:60',
  '2026-11-22 12:00:60',
  '2026-11-22 12:00:00.',
  '2026-11-22 12:00:00.1234567890',
  '2026',
  '20261122',
  '1795354417000',
  '1795354417.',
])('%s is none', (text) => {
  const error = expect.objectContaining({
    exit: 64,
    message: expect.stringContaining('1795354417 (seconds since 1970)'),
  });
  expect(() => readMoment(text, '--since', NOW)).toThrow(error);
  expect(() => readSpan({ since: text }, NOW)).toThrow(error);
});

test('a span has whole milliseconds and begins with the epoch at the earliest', () => {
  expect(readSpan({ since: '1969-12-31', until: '1795354417.446999' }, NOW)).toEqual({
    since: 0,
    until: 1_795_354_417_446,
  });
  expect(readSpan({ since: '3650d' }, 1_000)).toEqual({ since: 0, until: null });
});
