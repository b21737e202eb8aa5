import { expect, test } from 'vitest';
import { droppedByList, readShape } from '../../../src/firewall/lists/listing.ts';

test('counters of lists', () => {
  const [drop, ab] = [
    { packets: 3, bytes: 180 },
    { packets: 0, bytes: 0 },
  ];
  const counters = { dropped_drop: drop, 'dropped_a-b': ab, other: { packets: 9, bytes: 9 } };
  expect(droppedByList(new Map(Object.entries(counters)))).toEqual(
    new Map([
      ['drop', drop],
      ['a-b', ab],
    ]),
  );
  expect(droppedByList(new Map())).toEqual(new Map());
});

const listing = (...objects: object[]) => JSON.stringify({ nftables: [{ metainfo: {} }, ...objects] });
const ours = { family: 'inet', table: 'portsentry_lists' };
const CHAINS = listing(
  { chain: { ...ours, name: 'prerouting', handle: 7 } },
  { chain: { ...ours, table: 'x', name: 'y' } },
);

test('the shape changes with each handle, and names the sets', () => {
  const shape = (handle: number) =>
    readShape(
      listing(
        { set: { ...ours, name: 'drop_4_24_2', handle } },
        { set: { ...ours, family: 'ip', name: 'drop_4_8_1' } },
      ),
      CHAINS,
    );
  expect(shape(4)).toEqual({
    text: 'drop_4_24_2 4\nprerouting 7',
    sets: [{ list: 'drop', family: 4, length: 24, generation: 2 }],
  });
  expect(shape(4)).not.toEqual(shape(5));
});

test('there is no table', () => {
  expect(readShape(listing(), listing())).toBeNull();
});

test.each(['', 'null', '[]', '{"nftables":3}'])('no listing: %s', (text) => {
  expect([readShape(text, CHAINS), readShape(CHAINS, text)]).toEqual(['unreadable', 'unreadable']);
});

test('strange objects are left out', () => {
  expect(readShape('{"nftables":[null,3,{"set":null},{"set":{"table":3}}]}', CHAINS)).toMatchObject({
    sets: [],
  });
});
