import { describe, expect, test } from 'vitest';
import { Address } from '../../src/net/address.ts';
import { EndpointSet, free } from '../../src/net/endpoint-set.ts';

const HOST = Address.v4(0x0a000001);

test('protocol, address and port each distinguish endpoints', () => {
  const set = new EndpointSet(10);
  set.add(6, HOST, 80);
  expect(set.has(6, HOST, 80)).toBe(true);
  expect(set.has(17, HOST, 80)).toBe(false);
  expect(set.has(6, HOST, 81)).toBe(false);
  expect(set.has(6, Address.v4(0x0a000002), 80)).toBe(false);
  expect(set.has(6, new Address(1, 0, 0xffff, 0x0a000001), 80)).toBe(false);
});

test('the all-zero endpoint is like any other', () => {
  const set = new EndpointSet(10);
  expect(set.has(0, new Address(), 0)).toBe(false);
  set.add(0, new Address(), 0);
  expect(set.has(0, new Address(), 0)).toBe(true);
});

test.each([
  [0, 'any'],
  [0xdeadbeef, 'any'],
  [0, 'IPv4'],
  [0xdeadbeef, 'IPv4'],
] as const)('the set grows and loses nothing, with salt %i and for the family %s', (salt, family) => {
  const set = new EndpointSet(100_000, salt, family);
  for (let index = 0; index < 100_000; index++) set.add(6, Address.v4(index), index & 0xffff);
  expect(set.size).toBe(100_000);
  let found = 0;
  for (let index = 0; index < 100_000; index++) {
    if (set.has(6, Address.v4(index), index & 0xffff)) found++;
    if (set.has(6, Address.v4(index), (index + 1) & 0xffff)) found--;
  }
  expect(found).toBe(100_000);
});

describe('the bound', () => {
  test('a full set takes no more and keeps what it holds', () => {
    const set = new EndpointSet(3);
    const added = [1, 2, 3, 4, 3].map((port) => set.add(17, HOST, port));
    expect(added).toEqual([true, true, true, false, true]);
    expect([set.size, set.has(17, HOST, 4), set.has(17, HOST, 1)]).toEqual([3, false, true]);
  });
});

test('memory that is freed is gone at once where Node can, and the other arrays stay', () => {
  const [used, unused] = [new Uint32Array(8).fill(7), new Uint8Array(16)];
  free(unused);
  expect(used.every((value) => value === 7)).toBe(true);
  const canTransfer = 'transfer' in ArrayBuffer.prototype;
  expect(unused.length).toBe(canTransfer ? 0 : 16);
});
