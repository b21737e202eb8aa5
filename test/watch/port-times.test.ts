import { expect, test } from 'vitest';
import { Address } from '../../src/net/address.ts';
import { isUnspecified, PortTimes } from '../../src/watch/port-times.ts';

const MEMORY_MS = 60_000;
const HOST = Address.v4(0x0a000001);

test.each([
  [Address.v4(0), true],
  [new Address(), true],
  [Address.v4(1), false],
  [new Address(0, 0, 0, 1), false],
  [new Address(0, 0, 1, 0), false],
])('%s is unspecified: %s', (address, expected) => {
  expect(isUnspecified(address)).toBe(expected);
});

test('a port is held until the memory has passed since it was last seen', () => {
  const times = new PortTimes(MEMORY_MS);
  times.note({ address: HOST, port: 53 }, 1_000);
  times.note({ address: HOST, port: 53 }, 5_000);
  expect([5_000 + MEMORY_MS, 5_001 + MEMORY_MS].map((now) => times.has(HOST, 53, now))).toEqual([
    true,
    false,
  ]);
});

test('a clock that is set back forgets nothing', () => {
  const times = new PortTimes(MEMORY_MS);
  times.note({ address: HOST, port: 53 }, 1_000_000);
  expect(times.has(HOST, 53, 0)).toBe(true);
});

test('endpoints are bounded: those seen longest ago are forgotten, the newest never', () => {
  const times = new PortTimes(MEMORY_MS);
  const sockets = Array.from({ length: 70_000 }, (_, index) => ({
    address: Address.v4(0x0a000000 + (index >>> 10)),
    port: 1 + (index & 1023),
  }));
  times.noteAll(sockets, 1_000);
  const held = sockets.map(({ address, port }) => times.has(address, port, 1_000));
  expect(held.filter((is) => is)).toHaveLength(65_536);
  expect(held.lastIndexOf(false)).toBe(70_000 - 65_536 - 1);
});
