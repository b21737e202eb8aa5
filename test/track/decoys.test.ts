import { describe, expect, test } from 'vitest';
import { Kind } from '../../src/classify/kind.ts';
import { MAX_NAMED } from '../../src/track/decoy-group.ts';
import { Decoys } from '../../src/track/decoys.ts';
import { Tracker } from '../../src/track/tracker.ts';
import { probesOf } from '../support/probes.ts';
import { address, type ProbeFields, probe } from './given.ts';

/** Counts probes and looks for decoys; `story` lists the groups as they are found. */
function makeDecoys() {
  const tracker = new Tracker({ trigger: 0, windowMs: 0, ipv6Prefix: 64, salt: 0, onScanEnd: () => {} });
  const story: string[] = [];
  const decoys = new Decoys(tracker.table, (group) => story.push(`end: ${group.names.join(' ')}`));
  const observe = (received = probe()) => {
    tracker.observe(received);
    const group = decoys.observe(received, tracker.slot);
    if (group !== null) story.push(`${group.isOneSender ? 'one' : 'alike'}: ${group.names.join(' ')}`);
  };
  const send = (...probes: ProbeFields[]) => {
    for (const fields of probes) observe(probe(fields));
  };
  const isDecoy = (source: string) => tracker.get(address(source))?.marks.group !== null;
  return { tracker, story, observe, send, isDecoy };
}

const A = '203.0.113.1';
const B = '203.0.113.2';
const C = '203.0.113.3';
const D = '203.0.113.4';
/** The same packet from each source, as nmap sends it to one port. */
const batch = (port: number, at = 0, sources = [A, B, C], more: ProbeFields = {}) =>
  sources.map((source) => ({ source, port, at, window: 1_024, sequence: 77, ...more }));

describe('a group is found', () => {
  test('at the second source of the very same packet; others join', () => {
    const { send, story, isDecoy } = makeDecoys();
    send(...batch(23, 0, [A]));
    expect(isDecoy(A)).toBe(false);
    send(...batch(23, 1, [B]));
    expect(story).toEqual([`one: ${A} ${B}`]);
    send(...batch(23, 2, [C]));
    expect([A, B, C].map(isDecoy)).toEqual([true, true, true]);
    expect(story).toHaveLength(1);
  });

  test.each<[string, (index: number) => ProbeFields]>([
    ['with source ports that count up', (index) => ({ sourcePort: 2_000 + index, sequence: index })],
    ['with one identification', (index) => ({ sourcePort: 1_000 * (index + 1), identification: 5 })],
    ['with one sequence number', (index) => ({ sourcePort: 1_000 * (index + 1), sequence: 9 })],
    ['of UDP with one source port', () => ({ kind: Kind.udp })],
  ])('at the third source %s', (_how, more) => {
    const { send, story } = makeDecoys();
    send({ source: A, ...more(0) }, { source: B, ...more(1) });
    expect(story).toEqual([]);
    send({ source: C, ...more(2) });
    expect(story).toEqual([`alike: ${A} ${B} ${C}`]);
  });

  test("at once in nmap's decoy scan, and in no scan of one host", async () => {
    const { observe, story } = makeDecoys();
    for (const one of await probesOf('nmap-decoys.pcap')) observe(one);
    expect(story).toEqual(['one: 203.0.113.7 198.51.100.23']);
    for (const name of ['nmap-sS', 'nmap-sT', 'masscan', 'hping3-S', 'nmap-f']) {
      const alone = makeDecoys();
      for (const one of await probesOf(`${name}.pcap`)) alone.observe(one);
      expect(alone.story).toEqual([]);
    }
  });

  test('of thousands, and only a few are named', () => {
    const { send, tracker } = makeDecoys();
    for (let host = 0; host < 5_000; host++) {
      const source = `10.${1 + (host >> 8)}.0.${host & 0xff}`;
      send({ source, port: 80, at: host / 10, sourcePort: 1_024 + host, window: 512 });
    }
    const { group } = tracker.source.marks;
    expect([group?.size, group?.names.length]).toEqual([5_000, MAX_NAMED]);
  });
});

describe('no group is found', () => {
  test.each<[string, ProbeFields[]]>([
    ['of sources seconds apart', [A, B, C].map((source, index) => ({ source, at: index * 1_000 }))],
    ['of other ports', [A, B, C].map((source, index) => ({ source, port: 1 + index }))],
    ['of other windows', [A, B, C].map((source, index) => ({ source, window: index }))],
    ['of other kinds', [{ source: A }, { source: B, kind: Kind.fin }, { source: C, kind: Kind.xmas }]],
    ['of random numbers', [A, B, C].map((source, index) => ({ source, sourcePort: 1 + 9_000 * index }))],
    ['of connections', [A, B, C].map((source) => ({ source, kind: Kind.connect }))],
    [
      'of one network that counts as one source',
      ['fd00::1', 'fd00::2', 'fd00::3'].map((source) => ({ source })),
    ],
  ])('%s', (_what, probes) => {
    const { send, story } = makeDecoys();
    send(...probes);
    expect(story).toEqual([]);
  });

  test('and a source that has been seen before joins none', () => {
    const { send, isDecoy } = makeDecoys();
    send({ source: D, port: 1 });
    send(...batch(23), ...batch(23, 0, [D]));
    expect([isDecoy(A), isDecoy(D)]).toEqual([true, false]);
  });
});

describe('a member stays one', () => {
  test('while the others probe the same ports, however long', () => {
    const { send, isDecoy } = makeDecoys();
    for (let port = 1; port <= 500; port++) send(...batch(port, port * 5));
    expect([A, B, C].map(isDecoy)).toEqual([true, true, true]);
  });

  test('though packets of others are lost now and then', () => {
    const { send, isDecoy } = makeDecoys();
    for (let port = 1; port <= 500; port++) {
      send(...batch(port, port * 5, port % 10 === 0 ? [A] : [A, B, C]));
    }
    expect(isDecoy(A)).toBe(true);
  });

  test('until it has sent three probes alone; the others stay', () => {
    const { send, isDecoy, tracker } = makeDecoys();
    send(...batch(23), ...batch(24, 1));
    const alone = { source: C, window: 64_240 };
    send({ ...alone, port: 1, at: 1_000 }, { ...alone, port: 2, at: 1_001 });
    expect(isDecoy(C)).toBe(true);
    send({ ...alone, port: 3, at: 1_002 });
    expect([A, B, C].map(isDecoy)).toEqual([true, true, false]);
    expect(tracker.get(address(A))?.marks.group).toMatchObject({ size: 2, names: [A, B] });
  });

  test('but not when it goes on alone with the same packets, however fast', () => {
    const { send, isDecoy } = makeDecoys();
    send(...batch(23));
    for (let port = 100; port < 103; port++) send(...batch(port, 1, [A]));
    expect(isDecoy(A)).toBe(false);
  });

  test('until it completes a connection', () => {
    const { send, isDecoy } = makeDecoys();
    send(...batch(23), { source: B, kind: Kind.connect, port: 7 });
    expect([A, B, C].map(isDecoy)).toEqual([true, false, true]);
  });
});

test('a group ends with its last active member, even when that member leaves', () => {
  const { send, story, tracker } = makeDecoys();
  send(...batch(23, 0, [A, B]));
  const quiet = tracker.get(address(A));
  if (quiet === undefined) throw new Error('expected a source');
  expect(quiet.marks.group?.deactivate(quiet)).toBe(false);
  send({ source: B, kind: Kind.connect, port: 7 });
  expect(story).toEqual([`one: ${A} ${B}`, `end: ${A}`]);
});
