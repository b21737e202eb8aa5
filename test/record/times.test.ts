import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { formatTime, formatUntil, isoTime, time1, time2 } from '../../src/record/times.ts';

const ZONES: [zone: string, time: number, first: string, second: string][] = [
  ['UTC', 1_795_354_417_513, '1795354417 - 11/22/2026 13:33:37', '2026-11-22T13:33:37.513+0000'],
  ['Europe/Berlin', 1_795_354_417_513, '1795354417 - 11/22/2026 14:33:37', '2026-11-22T14:33:37.513+0100'],
  [
    'America/St_Johns',
    1_795_354_417_007.9,
    '1795354417 - 11/22/2026 10:03:37',
    '2026-11-22T10:03:37.007-0330',
  ],
  ['Asia/Kolkata', 1_767_225_599_999, '1767225599 - 01/01/2026 05:29:59', '2026-01-01T05:29:59.999+0530'],
];

beforeEach(() => {
  vi.stubEnv('TZ', 'UTC');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

test.each(ZONES)('in %s at %d the local time is written', (zone, time, first, second) => {
  vi.stubEnv('TZ', zone);
  expect(time1(time)).toBe(first);
  expect(time2(time)).toBe(second);
});

test('people read local minutes, and programs a time with its zone', () => {
  vi.stubEnv('TZ', 'America/St_Johns');
  const time = 1_795_354_417_513;
  expect(formatTime(time)).toBe('2026-11-22 10:03');
  expect([formatUntil(time), formatUntil(null)]).toEqual(['until 2026-11-22 10:03', 'for ever']);
  expect(isoTime(time)).toBe('2026-11-22T13:33:37.513Z');
  expect(isoTime(Number.MAX_VALUE)).toBe('9999-12-31T23:59:59.999Z');
});
