import fc from 'fast-check';
import { expect, test } from 'vitest';
import { familyOf, isSingle, withoutNested } from '../../../src/firewall/lists/entry.ts';
import { formatPrefix, overlaps, type Prefix, parsePrefix } from '../../../src/net/prefix.ts';

const prefixOf = (text: string) => parsePrefix(text) as Prefix;
const kept = (...texts: string[]) =>
  withoutNested(texts.map((text) => ({ prefix: prefixOf(text) }))).map(({ prefix }) => formatPrefix(prefix));

test.each<[text: string, family: 4 | 6, single: boolean]>([
  ['10.0.0.0/8', 4, false],
  ['10.0.0.1', 4, true],
  ['2001:db8::/32', 6, false],
  ['::1', 6, true],
  ['::/0', 6, false],
])('%s', (text, family, single) => {
  expect([familyOf(prefixOf(text)), isSingle(prefixOf(text))]).toEqual([family, single]);
});

test.each<[given: string[], expected: string[]]>([
  [[], []],
  [
    ['10.1.0.0/16', '10.0.0.0/8', '11.0.0.0/8', '10.255.255.0/24'],
    ['10.0.0.0/8', '11.0.0.0/8'],
  ],
  [['10.0.0.0/8', '10.0.0.0/16', '10.0.0.0/24'], ['10.0.0.0/8']],
  [
    ['192.0.2.0/25', '192.0.2.128/25'],
    ['192.0.2.0/25', '192.0.2.128/25'],
  ],
  [
    ['2001:db8:1::/48', '2001:db8::/32', '2001:db9::/32'],
    ['2001:db8::/32', '2001:db9::/32'],
  ],
])('%j', (given, expected) => {
  expect(kept(...given)).toEqual(expected);
});

test('what is left covers the same addresses, and no two of it overlap', () => {
  const prefix = fc
    .tuple(fc.integer({ min: 0, max: 2 ** 12 - 1 }), fc.integer({ min: 4, max: 12 }))
    .map(([bits, length]) => prefixOf(`${bits >>> 4}.${(bits & 15) << 4}.0.0/${length}`));
  fc.assert(
    fc.property(fc.array(prefix, { maxLength: 30 }), (prefixes) => {
      const left = withoutNested(prefixes.map((each) => ({ prefix: each }))).map((each) => each.prefix);
      for (const [index, one] of left.entries())
        for (const other of left.slice(index + 1)) expect(overlaps(one, other)).toBe(false);
      for (const each of prefixes)
        expect(left.some((one) => one.length <= each.length && overlaps(one, each))).toBe(true);
    }),
  );
});
