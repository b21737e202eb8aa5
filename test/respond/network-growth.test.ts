import { describe, expect, test } from 'vitest';
import { Address } from '../../src/net/address.ts';
import { formatPrefix, maskAddress } from '../../src/net/prefix.ts';
import { NetworkGrowth } from '../../src/respond/network-growth.ts';
import { address } from '../track/given.ts';

const TEN_MINUTES_MS = 600_000;

/** What each of the addresses makes grow, one a millisecond. */
function grow(texts: readonly string[], growth = new NetworkGrowth(), startMs = 0): (string | null)[] {
  return texts.map((text, index) => {
    const [length] = growth.note(address(text), startMs + index);
    if (length === undefined) return null;
    return formatPrefix({ address: maskAddress(address(text), length, new Address()), length });
  });
}

describe('a network grows as its parts add up', () => {
  test.each<[string, string[], (string | null)[]]>([
    ['one address, however often', ['2001:db8::1', '2001:db8::1'], [null, null]],
    ['two addresses of a /64', ['2001:db8::1', '2001:db8::2'], [null, '2001:db8::/64']],
    [
      'four /64 of a /56',
      ['2001:db8:0:0::1', '2001:db8:0:1::1', '2001:db8:0:2::1', '2001:db8:0:ff::1'],
      [null, null, null, '2001:db8::/56'],
    ],
    [
      'four /56 of a /48',
      ['2001:db8:1:100::1', '2001:db8:1:200::1', '2001:db8:1:300::1', '2001:db8:1:400::1'],
      [null, null, null, '2001:db8:1::/48'],
    ],
    [
      'no larger than a /48',
      ['2001:db8:1::1', '2001:db8:2::1', '2001:db8:3::1', '2001:db8:4::1', '2001:db8:5::1'],
      [null, null, null, null, null],
    ],
  ])('%s', (_what, texts, expected) => {
    expect(grow(texts)).toEqual(expected);
  });

  test('and begins anew when it was quiet for ten minutes', () => {
    const growth = new NetworkGrowth();
    grow(['2001:db8::1', '2001:db8::2'], growth);
    expect(grow(['2001:db8::3'], growth, TEN_MINUTES_MS)).toEqual(['2001:db8::/64']);
    expect(grow(['2001:db8::4'], growth, 2 * TEN_MINUTES_MS + 1)).toEqual([null]);
  });
});

test('a flood makes others be forgotten, and takes no more than its share of the time', () => {
  const growth = new NetworkGrowth();
  grow(['2001:db8::1'], growth);
  for (let second = 1; second <= 6; second++) {
    const flood = Array.from({ length: 1_001 }, (_, index) => `2001:${second}:${index.toString(16)}::1`);
    expect(grow(flood, growth, second * 2_000).at(-1)).toBeNull();
  }
  expect(grow(['2001:db8::2'], growth, 20_000)).toEqual([null]);
});
