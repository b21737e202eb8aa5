import fc from 'fast-check';
import { expect, test } from 'vitest';
import { noTarget, parseTarget, withLength } from '../../src/firewall/target.ts';

test.each([
  ['10.99.0.1', { text: '10.99.0.1', family: 4, address: '10.99.0.1', length: 32 }],
  ['10.99.0.1/24', { text: '10.99.0.0/24', family: 4, address: '10.99.0.0', length: 24 }],
  ['10.99.0.1/32', { text: '10.99.0.1', family: 4, address: '10.99.0.1', length: 32 }],
  ['128.0.0.0/1', { text: '128.0.0.0/1', family: 4, address: '128.0.0.0', length: 1 }],
  ['::ffff:10.99.0.1', { text: '10.99.0.1', family: 4, address: '10.99.0.1', length: 32 }],
  ['::ffff:10.99.0.1/120', { text: '10.99.0.0/24', family: 4, address: '10.99.0.0', length: 24 }],
  ['2001:DB8:0::1', { text: '2001:db8::1', family: 6, address: '2001:db8::1', length: 128 }],
  ['2001:db8::1/64', { text: '2001:db8::/64', family: 6, address: '2001:db8::', length: 64 }],
  ['8000::/1', { text: '8000::/1', family: 6, address: '8000::', length: 1 }],
] as const)('%s', (text, target) => {
  expect(parseTarget(text)).toEqual(target);
});

test.each([
  '',
  ' ',
  '0.0.0.0/0',
  '::/0',
  '::ffff:0.0.0.0/96',
  '10.99.0.1/33',
  '2001:db8::/129',
  '10.99.0.1 ',
  '10.99.0.1\n',
  '10.99.0.1/24; reboot',
  'fe80::1%eth0',
  'localhost',
  '-F',
])('%j is no target', (text) => {
  expect(parseTarget(text)).toBeNull();
});

test('a target has only the characters of an address', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6()), fc.option(fc.nat(130)), (address, length) => {
      const target = parseTarget(length === null ? address : `${address}/${length}`);
      if (target === null) return;
      expect(withLength(target)).toMatch(/^[0-9a-f.:]+\/\d{1,3}$/);
      expect(parseTarget(target.text)).toEqual(target);
      expect(parseTarget(withLength(target))).toEqual(target);
    }),
  );
});

test('the error shows a refused target on one line, cut when it is long', () => {
  expect(noTarget('a\nb')).toBe('not an address or prefix that can be blocked: "a\\nb"');
  expect(noTarget('x'.repeat(100_000)).length).toBeLessThan(120);
});
