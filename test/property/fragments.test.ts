import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LINKTYPE_RAW } from '../../src/capture/link-type.ts';
import { classify } from '../../src/classify/classify.ts';
import { KEPT_OCTETS } from '../../src/decode/fragments/fragments.ts';
import { MAX_DATAGRAMS } from '../../src/decode/fragments/fragments-table.ts';
import { REASON_COUNT, Reason } from '../../src/decode/reason.ts';
import { isSpoken } from '../../src/net/protocol.ts';
import { FragmentReader } from '../support/fragment-reader.ts';
import { fragment, fragmentsAt } from '../support/fragments.ts';
import { type Ends, tcpSegment, udpDatagram } from '../support/frames.ts';

const V4 = { source: '10.0.0.1', destination: '10.0.0.2' };
const V6 = { source: 'fd00::1', destination: 'fd00::2' };
const MAX_MEMORY_BYTES = 1024 * 1024;
const TCP = 6;
const UDP = 17;
const ICMP = 1;
const HEADER_LENGTH: Readonly<Record<number, number>> = { [TCP]: 20, [UDP]: 8 };

/** A datagram, where it is cut (in units of 8 octets), and the order of its fragments. */
const TORN = fc.record({
  ends: fc.constantFrom<Ends>(V4, V6),
  protocol: fc.constantFrom(TCP, UDP),
  destinationPort: fc.nat(65_535),
  flags: fc.nat(63),
  payload: fc.uint8Array({ maxLength: 160 }),
  cuts: fc.uniqueArray(fc.integer({ min: 1, max: 22 }), { minLength: 1, maxLength: 22 }),
  order: fc.infiniteStream(fc.nat(1_000_000)),
  duplicates: fc.array(fc.nat(30), { maxLength: 20 }),
});

test('a datagram split anywhere, in any order and with duplicates, is one packet', () => {
  fc.assert(
    fc.property(TORN, ({ ends, protocol, destinationPort, flags, payload, cuts, order, duplicates }) => {
      const datagram =
        protocol === TCP
          ? tcpSegment({ ...ends, destinationPort, flags, payload })
          : udpDatagram({ ...ends, destinationPort, payload });
      const offsets = cuts
        .map((units) => units * 8)
        .filter((offset) => offset < datagram.length)
        .sort((a, b) => a - b);
      fc.pre(offsets.length > 0);
      const parts = fragmentsAt(ends, protocol, datagram, offsets);
      // All fragments twice would be the datagram twice, so one that counts stays single.
      const single = (offsets[0] as number) >= (HEADER_LENGTH[protocol] as number) ? 0 : 1;
      const doubled = duplicates.filter((index) => index < parts.length && index !== single);
      const sent = shuffled([...parts, ...doubled.map((index) => parts[index] as Uint8Array)], order);

      const reader = new FragmentReader();
      let seen = 0;
      for (const packet of sent) {
        const reason = reader.read(packet, LINKTYPE_RAW);
        expect([Reason.none, Reason.fragment]).toContain(reason);
        if (reason !== Reason.none) continue;
        seen++;
        const { packet: decoded } = reader;
        expect(reader.verify()).toBe(Reason.none);
        expect(decoded.fragmented).toBe(true);
        expect(decoded.protocol).toBe(protocol);
        expect(decoded.source.toString()).toBe(ends.source);
        expect(decoded.destination.toString()).toBe(ends.destination);
        expect([decoded.sourcePort, decoded.destinationPort]).toEqual([40000, destinationPort]);
        expect(decoded.tcpFlags).toBe(protocol === TCP ? flags : 0);
      }
      // A UDP header, and a TCP header whole in the first fragment, need no other fragment.
      expect(seen).toBe(1);
    }),
    { numRuns: 3_000 },
  );
});

/** Fragments of few datagrams, so that they collide, with any offsets, lengths, octets, cuts and times. */
const HOSTILE = fc.record({
  ends: fc.constantFrom<Ends>(V4, V6),
  protocol: fc.constantFrom(TCP, TCP, UDP, 0, 43, 44, 51, 60, 135, 1),
  identification: fc.nat(3),
  offset: fc.oneof(
    fc.integer({ min: 0, max: 9 }).map((units) => units * 8),
    fc.constantFrom(4_000, 0xfff8),
  ),
  more: fc.boolean(),
  octets: fc.uint8Array({ maxLength: 90 }),
  lost: fc.oneof(fc.constant(0), fc.nat(140)),
  time: fc.oneof(fc.nat(100_000), fc.constantFrom(0, -1e15, 1e15, Number.NaN)),
});

test('no octets, lengths or times make it throw or judge a packet that it must not', () => {
  fc.assert(
    fc.property(fc.array(HOSTILE, { maxLength: 60 }), (packets) => {
      const reader = new FragmentReader();
      for (const { ends, protocol, octets, lost, time, ...fields } of packets) {
        const packet = fragment(ends, protocol, octets, fields);
        reader.packet.time = time;
        const captured = packet.subarray(0, Math.max(0, packet.length - lost));
        const reason = reader.read(captured, LINKTYPE_RAW, packet.length);
        expect(reason).toBeLessThan(REASON_COUNT);
        if (reason !== Reason.none) continue;
        if (isSpoken(reader.packet.protocol)) expect([TCP, UDP, ICMP]).toContain(reader.packet.protocol);
        classify(reader.packet);
        reader.verify();
      }
    }),
    { numRuns: 3_000 },
  );
});

test('a hundred thousand datagrams that never end take less than 1 MiB', () => {
  expect(MAX_DATAGRAMS * KEPT_OCTETS).toBeLessThanOrEqual(MAX_MEMORY_BYTES);
  const reader = new FragmentReader(false);
  const first = fragment(V6, TCP, new Uint8Array(16), { offset: 0, more: true });
  const source = new DataView(first.buffer, 8, 16);
  const sendAll = (from: number, count: number) => {
    for (let host = from; host < from + count; host++) {
      source.setUint32(12, host);
      expect(reader.read(first, LINKTYPE_RAW)).toBe(Reason.fragment);
    }
  };
  sendAll(0, 2 * MAX_DATAGRAMS);
  const before = memoryInUse();
  sendAll(1_000_000, 100_000);
  expect(memoryInUse() - before).toBeLessThan(MAX_MEMORY_BYTES);
});

/** Memory still referenced, in bytes. */
function memoryInUse(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function shuffled<T>(items: readonly T[], order: Iterator<number>): T[] {
  return items
    .map((item) => ({ item, rank: order.next().value as number }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}
