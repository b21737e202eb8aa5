import { expect, test } from 'vitest';
import { sparedTargets } from '../../src/firewall/spared-targets.ts';

function texts(...prefixes: string[]): string[] | string {
  const targets = sparedTargets(prefixes);
  return typeof targets === 'string' ? targets : targets.map(({ text }) => text);
}

test('duplicates are dropped', () => {
  expect(texts('10.0.0.0/8', '10.1.2.3/8', '::1', '127.0.0.1')).toEqual(['10.0.0.0/8', '::1', '127.0.0.1']);
});

test('a whole family becomes its two halves', () => {
  expect(texts('0.0.0.0/0', '::/0')).toEqual(['0.0.0.0/1', '128.0.0.0/1', '::/1', '8000::/1']);
});

test('an invalid prefix, or too many prefixes, is an error', () => {
  expect(texts('10.0.0.0/8', 'x; y')).toBe('not an address or prefix that can be blocked: "x; y"');
  expect(texts(...Array<string>(16_385).fill('10.0.0.0/8'))).toBe('more than 16384 prefixes to be spared');
});
