import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LINKTYPE_ETHERNET, LINKTYPE_RAW } from '../../src/capture/link-type.ts';
import { FrameBatch } from '../../src/capture/source.ts';
import { Kind } from '../../src/classify/kind.ts';
import { Probe } from '../../src/classify/probe.ts';
import { Packet } from '../../src/decode/packet.ts';
import { PacketReader } from '../../src/decode/packet-reader.ts';
import { Reason } from '../../src/decode/reason.ts';
import { PROTOCOL_TCP } from '../../src/net/protocol.ts';
import { ConnectionFilter } from '../../src/replay/connection-filter.ts';
import { ACK, type Ends, ethernet, tcpPacket, udpPacket } from '../support/frames.ts';
import { address } from '../track/given.ts';

const V4 = { source: '192.0.2.1', destination: '203.0.113.9' };
const V6 = { source: 'fd00::1', destination: 'fd00::2' };
const PROBED = { sourcePort: 40_000, destinationPort: 22 };

function filterFor(ends: Ends, kind: Kind): ConnectionFilter {
  const filter = new ConnectionFilter(false);
  const probe = new Probe();
  probe.kind = kind;
  probe.source.set(address(ends.source));
  probe.destination.set(address(ends.destination));
  filter.want(Object.assign(probe, PROBED));
  return filter;
}

function batchOf(frame: Uint8Array, linkType: number = LINKTYPE_ETHERNET): FrameBatch {
  const batch = new FrameBatch();
  batch.count = 1;
  // The view covers exactly the frame: a read outside it is a RangeError.
  batch.view = new DataView(frame.slice().buffer);
  batch.capturedLength[0] = frame.length;
  batch.wireLength[0] = frame.length;
  batch.linkType[0] = linkType;
  return batch;
}

const passes = (filter: ConnectionFilter, frame: Uint8Array, linkType?: number) =>
  filter.next(batchOf(frame, linkType), 0) === 0;

const segment = (ends: Ends, sourcePort: number, destinationPort: number) =>
  ethernet(tcpPacket({ ...ends, sourcePort, destinationPort, flags: ACK }));

const turned = ({ source, destination }: Ends) => ({ source: destination, destination: source });

describe.each([
  ['IPv4', V4],
  ['IPv6', V6],
])('of %s', (_name, ends) => {
  test.each<[string, Uint8Array, Kind, boolean]>([
    ['the connection', segment(ends, 40_000, 22), Kind.syn, true],
    ['what comes back', segment(turned(ends), 22, 40_000), Kind.syn, true],
    ['another connection to the port', segment(ends, 50_000, 22), Kind.syn, true],
    ['another connection from the port of a SYN', segment(ends, 40_000, 80), Kind.syn, false],
    ['another connection from the port of a weak probe', segment(ends, 40_000, 80), Kind.ack, true],
    ['another connection', segment(ends, 50_000, 80), Kind.ack, false],
    ['a datagram', ethernet(udpPacket({ ...ends, ...PROBED, payload: new Uint8Array(9) })), Kind.ack, false],
    [
      'a datagram of Teredo',
      ethernet(udpPacket({ ...ends, destinationPort: 3_544, payload: new Uint8Array(9) })),
      Kind.ack,
      true,
    ],
  ])('%s', (_frame, frame, kind, expected) => {
    expect(passes(filterFor(ends, kind), frame)).toBe(expected);
  });
});

test('frames of other link types pass, and all frames where all are wanted', () => {
  const other = segment(V4, 50_000, 80);
  expect(passes(filterFor(V4, Kind.ack), other, LINKTYPE_RAW)).toBe(true);
  expect(passes(new ConnectionFilter(true), other)).toBe(true);
});

test('whatever is decoded as a segment to or from a wanted end passes', () => {
  const filters = [filterFor(V4, Kind.ack), filterFor(V6, Kind.ack)];
  const port = fc.constantFrom(22, 40_000, 80);
  const frame = fc
    .record({ ends: fc.constantFrom(V4, turned(V4), V6, turned(V6)), source: port, destination: port })
    .map(({ ends, source, destination }) => segment(ends, source, destination));
  const change = fc.option(fc.tuple(fc.nat(100), fc.nat(255)), { nil: null });
  fc.assert(
    fc.property(frame, change, fc.option(fc.nat(100), { nil: null }), (octets, changed, cut) => {
      if (changed !== null) octets[changed[0] % octets.length] = changed[1];
      const frame = cut === null ? octets : octets.slice(0, cut);
      if (filters.some((filter) => passes(filter, frame))) return;
      const reader = new PacketReader('captured', new Packet());
      const { view } = batchOf(frame);
      const reason = reader.read(view, 0, frame.length, frame.length, LINKTYPE_ETHERNET);
      expect(reason).toBe(Reason.none);
      const { packet } = reader;
      if (packet.protocol !== PROTOCOL_TCP) return;
      const ends = [
        `${packet.source} ${packet.sourcePort}`,
        `${packet.destination} ${packet.destinationPort}`,
      ];
      for (const { source, destination } of [V4, V6]) {
        expect(ends).not.toContain(`${source} 40000`);
        expect(ends).not.toContain(`${destination} 22`);
      }
    }),
  );
});
