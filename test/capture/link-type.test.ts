import { expect, test } from 'vitest';
import { canonicalLinkType, isDecoded, linkTypeName } from '../../src/capture/link-type.ts';
import { decodeFrame } from '../../src/decode/frame.ts';
import { Packet } from '../../src/decode/packet.ts';
import { Reason } from '../../src/decode/reason.ts';

const NAMED: [linkType: number, name: string][] = [
  [0, 'NULL'],
  [1, 'ETHERNET'],
  [101, 'RAW'],
  [113, 'LINUX_SLL'],
  [127, 'IEEE802_11_RADIOTAP'],
  [276, 'LINUX_SLL2'],
  [65_000, '65000'],
];

test.each(NAMED)('the name of link type %i is %s', (linkType, name) => {
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

test('a link type counts as decoded exactly when it has a decoder', () => {
  const decoded = [];
  for (let linkType = 0; linkType < 65_536; linkType++) {
    const reason = decodeFrame(new DataView(new ArrayBuffer(0)), 0, 0, 0, linkType, new Packet());
    expect(isDecoded(linkType), `link type ${linkType}`).toBe(reason !== Reason.linkType);
    if (isDecoded(linkType)) decoded.push(linkType);
  }
  expect(decoded).toEqual([0, 1, 9, 50, 51, 101, 104, 108, 113, 228, 229, 239, 276]);
});
