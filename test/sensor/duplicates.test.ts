import { expect, test } from 'vitest';
import { Probe } from '../../src/classify/probe.ts';
import { Duplicates } from '../../src/sensor/duplicates.ts';

const NOW = 1_795_354_417_000;

function probe(fields: Partial<Probe> = {}, source = 0x0a000001): Probe {
  const made = Object.assign(new Probe(), {
    time: NOW,
    sourcePort: 41302,
    destinationPort: 111,
    tcpFlags: 2,
    identification: 7,
    sequence: 9,
    ...fields,
  });
  made.source.setV4(source);
  made.destination.setV4(0x0a000002);
  return made;
}

test('a packet that a VLAN and its parent both see counts once', () => {
  const duplicates = new Duplicates();
  expect(duplicates.seen(probe(), 1)).toBe(false);
  expect(duplicates.seen(probe({ time: NOW + 99 }), 2)).toBe(true);
  expect(duplicates.seen(probe({ time: NOW + 99 }), 3)).toBe(true);
});

test('a packet that one device sees twice was sent twice', () => {
  const duplicates = new Duplicates();
  const seen = [1, 2, 1, 2].map((origin, at) => duplicates.seen(probe({ time: NOW + at }), origin));
  expect(seen).toEqual([false, true, false, true]);
});

test('a copy 100 ms later is another packet', () => {
  const duplicates = new Duplicates();
  duplicates.seen(probe(), 1);
  expect(duplicates.seen(probe({ time: NOW + 100 }), 2)).toBe(false);
});

test.each<[string, Probe]>([
  ['source', probe({}, 0x0a000009)],
  ['source port', probe({ sourcePort: 41303 })],
  ['destination port', probe({ destinationPort: 112 })],
  ['flags', probe({ tcpFlags: 1 })],
  ['protocol', probe({ protocol: 17 })],
  ['identification', probe({ identification: 8 })],
  ['sequence number', probe({ sequence: 10 })],
])('another %s is another packet', (_name, other) => {
  const duplicates = new Duplicates();
  duplicates.seen(probe(), 1);
  expect(duplicates.seen(other, 2)).toBe(false);
});

test('in a scan of 16,384 ports that two devices see, no port counts twice', () => {
  const duplicates = new Duplicates();
  let copies = 0;
  for (let port = 0; port < 16_384; port++) {
    duplicates.seen(probe({ destinationPort: port, sequence: port * 77 }), 1);
    if (duplicates.seen(probe({ destinationPort: port, sequence: port * 77 }), 2)) copies++;
  }
  expect(copies).toBe(16_384);
});
