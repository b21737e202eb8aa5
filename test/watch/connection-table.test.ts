import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Address } from '../../src/net/address.ts';
import { ConnectionTable, ConnectionTables, NO_ENTRY } from '../../src/watch/connection-table.ts';
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

test('a table for IPv4 holds what one for any family does', () => {
  const end = fc.record({ host: fc.integer({ min: 0, max: 5 }), port: fc.integer({ min: 0, max: 3 }) });
  const steps = fc.array(fc.tuple(end, end), { minLength: 1, maxLength: 80 });
  fc.assert(
    fc.property(steps, (all) => {
      const [narrow, wide] = [new ConnectionTable(20, 1, 'IPv4'), new ConnectionTable(20, 1)];
      for (const [from, to] of all) {
        const step = {
          source: Address.v4(0xfffffff0 + from.host),
          sourcePort: from.port,
          destination: Address.v4(to.host),
          destinationPort: to.port,
          time: 0,
        };
        expect(narrow.find(step)).toBe(wide.find(step));
        if (narrow.find(step) === NO_ENTRY) expect(narrow.add(step)).toBe(wide.add(step));
      }
    }),
  );
});

test('the families have tables of their own; IPv4 in IPv6 with one end of IPv6 is IPv6', () => {
  const tables = new ConnectionTables({ v4: 8, v6: 8 }, 1);
  const ends = { sourcePort: 1, destinationPort: 2, time: 0 };
  const [v4, v6] = [Address.v4(0x0a000001), address('fd00::1')];
  const all = [
    { ...ends, source: v4, destination: SERVER },
    { ...ends, source: v4, destination: v6 },
    { ...ends, source: v6, destination: v4 },
    { ...ends, source: v6, destination: v6 },
  ];
  const [own, ...others] = all.map((each) => tables.of(each));
  expect(new Set(others).size).toBe(1);
  expect(own).not.toBe(others[0]);
  for (const each of all.slice(1)) {
    if (tables.of(each).find(each) === NO_ENTRY) tables.of(each).add(each);
  }
  expect(tables.size).toBe(3);
});
