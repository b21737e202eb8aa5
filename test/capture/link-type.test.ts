import { expect, test } from 'vitest';
import { canonicalLinkType, linkTypeName } from '../../src/capture/link-type.ts';

const NAMED: [linkType: number, name: string][] = [
  [0, 'NULL'],
  [1, 'ETHERNET'],
  [101, 'RAW'],
  [113, 'LINUX_SLL'],
  [127, 'IEEE802_11_RADIOTAP'],
  [276, 'LINUX_SLL2'],
  [65_000, '65000'],
];

test.each(NAMED)('link type %i is called %s', (linkType, name) => {
  expect(linkTypeName(linkType)).toBe(name);
});

test.each([
  [12, 101],
  [14, 101],
  [101, 101],
  [1, 1],
])('link type %i is link type %i', (found, canonical) => {
  expect(canonicalLinkType(found)).toBe(canonical);
});
