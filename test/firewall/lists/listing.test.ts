import { expect, test } from 'vitest';
import { readCounters, readShape } from '../../../src/firewall/lists/listing.ts';

const listing = (...objects: object[]) => JSON.stringify({ nftables: [{ metainfo: {} }, ...objects] });
const ours = { family: 'inet', table: 'portsentry_lists' };

test('counters of lists', () => {
  const text = listing(
    { counter: { ...ours, name: 'dropped_drop', packets: 3, bytes: 180, handle: 2 } },
    { counter: { ...ours, name: 'other', packets: 9, bytes: 9 } },
    { counter: { ...ours, name: 'dropped_X', packets: 9, bytes: 9 } },
    { counter: { ...ours, name: 'dropped_bad', packets: '9', bytes: 9 } },
    { counter: { family: 'inet', table: 'filter', name: 'dropped_x', packets: 9, bytes: 9 } },
  );
  expect(readCounters(text)).toEqual(new Map([['drop', { packets: 3, bytes: 180 }]]));
});

test('the shape changes with each handle, and not with a counter', () => {
  const shape = (handle: number, packets: number) =>
    readShape(
      listing(
        { table: { family: 'inet', name: 'portsentry_lists', handle: 1 } },
        { set: { ...ours, name: 'drop_4_24_2', handle } },
        { rule: { ...ours, chain: 'prerouting', handle: 9 } },
        { counter: { ...ours, name: 'dropped_drop', handle: 3, packets } },
      ),
    );
  expect(shape(4, 1)).toEqual({
    text: expect.any(String),
    sets: [{ list: 'drop', family: 4, length: 24, generation: 2 }],
    lists: ['drop'],
  });
  expect(shape(4, 1)).toEqual(shape(4, 2));
  expect(shape(4, 1)?.text).not.toBe(shape(5, 1)?.text);
});

test.each(['', 'null', '[]', '{"nftables":3}', '{"nftables":[null,3]}'])('no listing: %s', (text) => {
  expect([readCounters(text)?.size ?? 0, readShape(text)?.text ?? '']).toEqual([0, '']);
});
