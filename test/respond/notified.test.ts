import { expect, test } from 'vitest';
import { Notified } from '../../src/respond/notified.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;

test('a source that goes on is told once, and again when it was quiet for SCAN_WINDOW', () => {
  const notified = new Notified();
  expect(notified.goesOn('10.0.0.1', 0, DAY)).toBe(false);
  notified.add('10.0.0.1', 0);
  for (let hour = 1; hour <= 48; hour++) expect(notified.goesOn('10.0.0.1', hour * HOUR, DAY)).toBe(true);
  expect(notified.goesOn('10.0.0.1', 48 * HOUR + DAY, DAY)).toBe(false);
});

test('SCAN_WINDOW="0" has no end', () => {
  const notified = new Notified();
  notified.add('10.0.0.1', 0);
  expect(notified.goesOn('10.0.0.1', 1_000 * DAY, 0)).toBe(true);
});

test('a flood of forged sources pushes out the oldest', () => {
  const notified = new Notified();
  for (let index = 0; index <= 65_536; index++) notified.add(`source ${index}`, index);
  expect([notified.goesOn('source 0', 0, 0), notified.goesOn('source 1', 0, 0)]).toEqual([false, true]);
});
