import { expect, test } from 'vitest';
import { ListUploads } from '../../src/daemon/list-uploads.ts';
import { MAX_LIST_ENTRIES } from '../../src/firewall/lists/names.ts';
import { type Prefix, parsePrefix } from '../../src/net/prefix.ts';

const ONE = [parsePrefix('192.0.2.1') as Prefix];
const OTHER = [parsePrefix('192.0.2.2') as Prefix];

test('parts come together in their order, and can be taken once', () => {
  const uploads = new ListUploads();
  const id = uploads.add(null, ONE, 0) as number;
  const second = uploads.add(null, OTHER, 0) as number;
  expect(uploads.add(id, OTHER, 1)).toBe(id);
  expect(uploads.take(id)).toEqual([...ONE, ...OTHER]);
  expect(uploads.take(id)).toMatch(/gone/);
  expect(uploads.take(second)).toEqual(OTHER);
});

test('a third list at once is refused, until one of the others has waited too long', () => {
  const uploads = new ListUploads();
  const first = uploads.add(null, ONE, 0) as number;
  uploads.add(null, ONE, 20_000);
  expect(uploads.add(null, ONE, 30_000)).toMatch(/2 lists are being sent already/);
  expect(uploads.add(null, ONE, 30_001)).toEqual(expect.any(Number));
  expect(uploads.add(first, ONE, 30_001)).toMatch(/gone/);
});

test('a list that grows too long is dropped', () => {
  const uploads = new ListUploads();
  const id = uploads.add(null, Array(MAX_LIST_ENTRIES).fill(ONE[0]), 0) as number;
  expect(uploads.add(id, ONE, 0)).toMatch(/at most 200000 entries/);
  expect(uploads.take(id)).toMatch(/gone/);
});
