import { expect, test } from 'vitest';
import { readBlocks, readTable } from '../../../src/firewall/nft/listing.ts';
import { NOW } from '../given.ts';

const OURS = { family: 'inet', table: 'portsentry' };
const SET = { ...OURS, flags: ['timeout'] };
const listing = (...nftables: unknown[]) =>
  JSON.stringify({ nftables: [{ metainfo: { version: '1' } }, ...nftables] });

const BLOCKS = listing(
  { table: { family: 'inet', name: 'portsentry', handle: 3 } },
  {
    set: {
      ...SET,
      name: 'block4_32',
      type: 'ipv4_addr',
      elem: [
        '10.99.0.1',
        { elem: { val: '10.99.0.2', timeout: 60, expires: 59 } },
        7,
        { elem: { val: 'x' } },
      ],
    },
  },
  { set: { ...SET, name: 'block6_64', type: 'ipv6_addr', flags: 'timeout', elem: ['2001:db8::'] } },
  { set: { ...SET, name: 'spare4_32', type: 'ipv4_addr', elem: ['192.0.2.1'] } },
  { set: { ...SET, name: 'block4_24', type: 'ipv4_addr' } },
  { set: { ...SET, name: 'block4_16', type: 'ipv4_addr', flags: ['interval'], elem: ['10.1.0.0'] } },
  { set: { ...SET, table: 'other', name: 'block4_32', type: 'ipv4_addr', elem: ['192.0.2.2'] } },
);

test('the blocks of our sets, with their ends', () => {
  expect(readBlocks(BLOCKS, NOW)).toEqual([
    { target: '10.99.0.1', until: null },
    { target: '10.99.0.2', until: NOW + 59_000 },
    { target: '2001:db8::/64', until: null },
  ]);
});

test('the state of our table', () => {
  expect(readTable(BLOCKS)).toMatchObject({
    table: 3,
    chains: [],
    sets: new Map([
      ['block4_32', true],
      ['block6_64', true],
      ['spare4_32', true],
      ['block4_24', true],
      ['block4_16', false],
    ]),
  });
  expect(readTable(listing({ table: { family: 'ip', name: 'portsentry', handle: 3 } }))).toMatchObject({
    table: null,
  });
});

test('the text changes with a rule, not with elements or counters', () => {
  const base = [{ table: { family: 'inet', name: 'portsentry', handle: 3 } }];
  const text = (...more: unknown[]) => readTable(listing(...base, ...more))?.text;
  const set = { ...SET, name: 'block4_32', type: 'ipv4_addr' };
  expect(text({ set: { ...set, elem: ['10.0.0.1'] } })).toBe(text({ set }));
  expect(text({ counter: { ...OURS, name: 'dropped4', packets: 7 } })).toBe(text());
  expect(text({ rule: { ...OURS, chain: 'prerouting', handle: 9 } })).not.toBe(text());
});

test.each(['', 'table inet portsentry {', 'null', '[]', '{}', '{"nftables":{}}'])(
  '%j is no listing',
  (text) => {
    expect(readTable(text)).toBeNull();
    expect(readBlocks(text, NOW)).toBeNull();
  },
);
