import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatGoDuration, parseGoDuration } from '../../../src/share/crowdsec/go-duration.ts';

test.each([
  ['3h59m59.75s', 14_399_750],
  ['-5.06276ms', -5.06276],
  ['1.5µs', 0.0015],
  ['100ns', 0.0001],
  ['0', 0],
  ['0s', 0],
  ['1m1ms', 60_001],
  ['999999999999h', 100 * 365 * 86_400_000],
  ['-999999999999h', -100 * 365 * 86_400_000],
])('%s', (text, ms) => {
  expect(parseGoDuration(text)).toBeCloseTo(ms, 9);
});

test.each([
  ['4'],
  ['h'],
  ['4 h'],
  ['1h-1m'],
  ['1d'],
  [''],
  ['Infinity'],
  ['1e9s'],
  [7],
  [null],
  [`${'1h'.repeat(99)}`],
])('%j is none', (value) => {
  expect(parseGoDuration(value)).toBeNull();
});

test('what we write, we read', () => {
  fc.assert(fc.property(fc.nat(), (ms) => parseGoDuration(formatGoDuration(ms)) === ms));
});
