import { expect, test } from 'vitest';
import { Address } from '../../src/net/address.ts';
import { ConnectionTable, NO_ENTRY } from '../../src/watch/connection-table.ts';
import type { Segment } from '../../src/watch/in-use.ts';
import { SALTS } from '../support/salts.ts';
import { address } from '../track/given.ts';

const SERVER = Address.v4(0xc0000201);

function segment(index: number, turned = false): Segment {
  const client = Address.v4(0x0a000000 + (index >>> 8));
  const clientPort = 1_024 + (index & 0xff);
  return turned
    ? { source: SERVER, sourcePort: 80, destination: client, destinationPort: clientPort, time: 0 }
    : { source: client, sourcePort: clientPort, destination: SERVER, destinationPort: 80, time: 0 };
}

test('holds every connection in both directions with every salt, and no other', () => {
  for (const salt of SALTS) {
    const table = new ConnectionTable(8_192, salt);
    const entries = Array.from({ length: 8_192 }, (_, index) => table.add(segment(index)));
    const found = entries.filter((entry, index) => table.find(segment(index)) === entry);
    const turned = entries.filter((entry, index) => table.find(segment(index, true)) === entry);
    expect([found.length, turned.length, table.size]).toEqual([8_192, 8_192, 8_192]);
    expect(table.find(segment(8_192))).toBe(NO_ENTRY);
  }
});

test('a full table forgets what was added first, whatever the salt', () => {
  for (const salt of SALTS) {
    const table = new ConnectionTable(2_000, salt);
    for (let index = 0; index < 5_000; index++) {
      const entry = table.add(segment(index));
      expect(table.state[entry]).toBe(0);
      table.state[entry] = 1 + (index % 200);
    }
    for (let index = 0; index < 5_000; index++) {
      const entry = table.find(segment(index));
      if (index < 3_000) expect(entry).toBe(NO_ENTRY);
      else expect(table.state[entry]).toBe(1 + (index % 200));
    }
  }
});

test('a host that speaks to itself, and IPv6', () => {
  const table = new ConnectionTable(8, 3);
  const ends = { source: address('fd00::1'), destination: address('fd00::1'), time: 0 };
  const entry = table.add({ ...ends, sourcePort: 1, destinationPort: 2 });
  expect(table.find({ ...ends, sourcePort: 2, destinationPort: 1 })).toBe(entry);
  expect(table.find({ ...ends, sourcePort: 2, destinationPort: 2 })).toBe(NO_ENTRY);
  expect(table.find({ ...ends, sourcePort: 1, destinationPort: 2, source: address('fd00::2') })).toBe(
    NO_ENTRY,
  );
});
