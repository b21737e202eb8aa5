import fc from 'fast-check';
import { expect, test } from 'vitest';
import { familyOf, lengthOf } from '../../../src/firewall/lists/entry.ts';
import { MAX_LENGTHS } from '../../../src/firewall/lists/names.ts';
import { type Prefix, parsePrefix } from '../../../src/net/prefix.ts';
import { PrefixLengths } from '../../../src/respond/lists/prefix-lengths.ts';

const member = (text: string) => ({ prefix: parsePrefix(text) as Prefix });
const v6 = (length: number) => member(`2001:db8::/${length}`);

test('there is always room for the usual lengths, and every length of IPv4 fits', () => {
  const odd = Array.from({ length: 100 }, (_, index) => v6(16 + index)).filter(
    ({ prefix }) => ![32, 48, 56, 64].includes(prefix.length),
  );
  const usual = [v6(32), v6(48), v6(56), v6(64), v6(128)];
  const { taken } = new PrefixLengths().divide([...odd, ...usual]);
  expect(taken.slice(-usual.length)).toEqual(usual);
  const v4 = Array.from({ length: 25 }, (_, index) => member(`10.0.0.0/${8 + index}`));
  expect(new PrefixLengths().divide(v4).refused).toEqual([]);
});

test('no list comes to more lengths than it may have, whatever comes and whatever it holds', () => {
  const prefixes = fc.array(
    fc.integer({ min: 16, max: 128 }).map((length) => v6(length)),
    { maxLength: 200 },
  );
  fc.assert(
    fc.property(prefixes, prefixes, (first, second) => {
      const before = new PrefixLengths().divide(first).taken;
      const { taken, refused } = new PrefixLengths(before).divide(second);
      const all = [...before, ...taken];
      const lengths = new Set(all.map(({ prefix }) => `${familyOf(prefix)} ${lengthOf(prefix)}`));
      expect(lengths.size).toBeLessThanOrEqual(MAX_LENGTHS);
      expect(taken.length + refused.length).toBe(second.length);
    }),
  );
});
