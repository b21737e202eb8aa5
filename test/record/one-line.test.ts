import { expect, test } from 'vitest';
import { oneLine } from '../../src/record/one-line.ts';

test.each([
  ['attackalert: plain', 'attackalert: plain'],
  ['one\ntwo\r\n', 'one?two??'],
  ['\u001b[2Jgone\u0000', '?[2Jgone?'],
  ['a\u0085b\u2028c\u2029d\u007fe', 'a?b?c?d?e'],
  ['größe', 'größe'],
])('%j becomes %j', (text, line) => {
  expect(oneLine(text)).toBe(line);
});

test('a line longer than its bound ends in three dots', () => {
  expect(oneLine('x'.repeat(2_000))).toBe('x'.repeat(2_000));
  expect(oneLine('x'.repeat(2_001))).toBe(`${'x'.repeat(2_000)}...`);
});
