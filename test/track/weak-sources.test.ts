import { expect, test } from 'vitest';
import { Kind } from '../../src/classify/kind.ts';
import { Address } from '../../src/net/address.ts';
import { WEAK_WINDOW_MS, WeakSources } from '../../src/track/weak-sources.ts';
import { SALTS } from '../support/salts.ts';
import { address, type ProbeFields, probe } from './given.ts';

const table = () => new WeakSources(0, (source) => source);
const ack = (port: number, fields: ProbeFields = {}) => probe({ kind: Kind.ack, port, ...fields });

function counted(weak: WeakSources, ...probes: ReturnType<typeof ack>[]): boolean[] {
  return probes.map((each) => weak.counts(each));
}

test('weak probes count from the third port on', () => {
  expect(counted(table(), ack(1), ack(2), ack(3), ack(3), ack(1))).toEqual([false, false, true, true, true]);
});

test('they never count at two ports, however often, nor from two sources', () => {
  const weak = table();
  for (let i = 0; i < 100; i++) expect(counted(weak, ack(1), ack(2))).toEqual([false, false]);
  expect(counted(weak, ack(3, { source: '10.0.0.9' }), ack(4, { source: '10.0.0.9' }))).toEqual([
    false,
    false,
  ]);
});

test('the same port of several of our addresses is one port', () => {
  const probes = ['10.0.0.2', '10.0.0.3', '10.0.0.4'].map((destination) => ack(443, { destination }));
  expect(counted(table(), ...probes)).toEqual([false, false, false]);
});

test('a port and a protocol of the same number are two ports', () => {
  const protocol = probe({ kind: Kind['ip-protocol'], port: 99 });
  expect(counted(table(), ack(99), protocol, ack(1))).toEqual([false, false, true]);
});

test('they add up within an hour', () => {
  const weak = table();
  expect(counted(weak, ack(1), ack(2), ack(3, { at: WEAK_WINDOW_MS }))).toEqual([false, false, false]);
  const slow = [ack(4, { at: 2 * WEAK_WINDOW_MS - 1_000 }), ack(5, { at: 3 * WEAK_WINDOW_MS - 2_000 })];
  expect(counted(weak, ...slow)).toEqual([false, true]);
});

test('before the third port the others are checked, and those in use are forgotten', () => {
  const weak = table();
  const isDecisive = (port: number) => weak.isDecisive(ack(port));
  expect(isDecisive(1)).toBe(false);
  weak.counts(ack(1));
  weak.counts(ack(2));
  expect([isDecisive(2), isDecisive(3)]).toEqual([false, true]);
  weak.recheck(address('10.0.0.1'), ack(3).time, (protocol, at, port) => {
    expect([protocol, String(at)]).toEqual([6, '10.0.0.2']);
    return port === 1;
  });
  expect(isDecisive(3)).toBe(false);
  expect(counted(weak, ack(3), ack(2), ack(4))).toEqual([false, false, true]);
  expect(isDecisive(5)).toBe(false);
});

test('a source with a network is one source in all of it', () => {
  const network = new Address();
  const weak = new WeakSources(0, (source) => {
    network.w0 = source.w0;
    network.w1 = source.w1;
    return network;
  });
  const probes = [1, 2, 3].map((port) => ack(port, { source: `2001:db8::${port}`, destination: 'fd00::2' }));
  expect(counted(weak, ...probes)).toEqual([false, false, true]);
});

test('a million forged sources evict no source that counts', () => {
  const weak = table();
  counted(weak, ack(1), ack(2), ack(3));
  const forged = ack(80);
  for (let i = 0; i < 1_000_000; i++) {
    forged.source.setV4(0x0b000000 + i);
    if (weak.counts(forged)) throw new Error(`source ${i} counts`);
  }
  expect(weak.counts(ack(4))).toBe(true);
});

/** What a table of this salt says of each of the probes. */
function verdicts(salt: number, count: number, rounds: number): boolean[] {
  const weak = new WeakSources(salt, (source) => source);
  const one = ack(1);
  const all: boolean[] = [];
  for (let port = 1; port <= rounds; port++) {
    for (let host = 0; host < count; host++) {
      one.source.setV4(0x0a000000 + host * 4_099);
      one.destinationPort = port;
      all.push(weak.counts(one));
    }
  }
  return all;
}

test('a table that is not full forgets nobody, with any salt', () => {
  for (const salt of SALTS) {
    const third = verdicts(salt, 16_384, 3).slice(2 * 16_384);
    expect(third.every((counts) => counts)).toBe(true);
  }
});

test('an overfull table says the same with any salt', () => {
  const [first, ...others] = SALTS.map((salt) => verdicts(salt, 17_000, 4));
  for (const other of others) expect(other).toEqual(first);
  expect(first).toContain(false);
});
