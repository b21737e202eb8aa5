import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LINKTYPE_ETHERNET, LINKTYPE_RAW } from '../../src/capture/link-type.ts';
import { Kind } from '../../src/classify/kind.ts';
import { PortSet } from '../../src/config/ports.ts';
import { Packet } from '../../src/decode/packet.ts';
import { PacketReader } from '../../src/decode/packet-reader.ts';
import { Reason } from '../../src/decode/reason.ts';
import { Engine, type EngineParts } from '../../src/engine.ts';
import { Skip } from '../../src/watch/skipped.ts';
import { WatchedPorts } from '../../src/watch/watched-ports.ts';
import { configWith } from '../respond/given.ts';
import { engineParts, recorderOf } from '../support/engine-parts.ts';
import { ACK, ethernet, FIN, PSH, RST, SYN, tcpPacket, URG, udpPacket } from '../support/frames.ts';

const WATCHED_PORT = 7;
const CONFIG = configWith({ tcpPorts: PortSet.of([{ first: WATCHED_PORT, last: WATCHED_PORT }]) });
const MODES = { tcp: 'stcp', udp: null } as const;
const ENDS = { source: '192.0.2.1', destination: '203.0.113.9' };

function makeEngine(config = CONFIG, parts: Partial<EngineParts> = {}): Engine {
  const watched = new WatchedPorts(config, MODES);
  return new Engine(engineParts(config, recorderOf({}), { watched, ...parts }, MODES));
}

function leavesOut(engine: Engine, frame: Uint8Array, linkType: number = LINKTYPE_ETHERNET): boolean {
  // The view covers exactly the frame: a read outside it is a RangeError.
  const view = new DataView(frame.slice().buffer);
  return engine.sieve().leavesOut(view, 0, frame.length, frame.length, linkType);
}

const segment = (flags: number, fields: Partial<Parameters<typeof tcpPacket>[0]> = {}) =>
  ethernet(tcpPacket({ ...ENDS, destinationPort: 9, flags, ...fields }));

test.each<[string, Uint8Array]>([
  ['a bare ACK', segment(ACK)],
  ['data', segment(ACK | PSH, { payload: new Uint8Array(100) })],
  ['urgent data', segment(ACK | PSH | URG, { payload: new Uint8Array(100) })],
  ['a SYN', segment(SYN)],
])('leaves out %s to a port that is not watched', (_name, frame) => {
  expect(leavesOut(makeEngine(), frame)).toBe(true);
});

describe('lets pass', () => {
  test.each<[string, Uint8Array]>([
    ['a SYN to a watched port', segment(SYN, { destinationPort: WATCHED_PORT })],
    ['data to a watched port', segment(ACK | PSH, { destinationPort: WATCHED_PORT })],
    ['a SYN/ACK, which shows a port in use', segment(SYN | ACK)],
    ['the end of a connection', segment(FIN | ACK)],
    ['a RST', segment(RST)],
    ['impossible flags', segment(0)],
    ['a SYN to itself', segment(SYN, { destination: ENDS.source })],
    ['a SYN to a group', segment(SYN, { destination: '224.0.0.1' })],
    [
      'a SYN in a frame to all',
      ethernet(tcpPacket({ ...ENDS, destinationPort: 9, flags: SYN }), { destination: 'ff:ff:ff:ff:ff:ff' }),
    ],
    ['a datagram', ethernet(udpPacket({ ...ENDS, destinationPort: 9 }))],
    [
      'IPv6',
      ethernet(tcpPacket({ source: 'fd00::1', destination: 'fd00::2', destinationPort: 9, flags: ACK })),
    ],
    ['a frame that ends early', segment(ACK).slice(0, 40)],
  ])('%s', (_name, frame) => {
    expect(leavesOut(makeEngine(), frame)).toBe(false);
  });

  test('a SYN when only some destinations are protected', () => {
    expect(leavesOut(makeEngine(CONFIG, { home: { has: () => true } }), segment(SYN))).toBe(false);
  });

  test('another link type', () => {
    expect(leavesOut(makeEngine(), segment(ACK), LINKTYPE_RAW)).toBe(false);
  });
});

test('counts the SYNs that it leaves out, if DETECT has them', () => {
  const engine = makeEngine();
  leavesOut(engine, segment(SYN));
  expect(engine.skipped[Skip.tcpPort]).toBe(1);
  const other = makeEngine({ ...CONFIG, detect: ['fin'] });
  expect(leavesOut(other, segment(SYN))).toBe(true);
  expect(other.skipped[Skip.tcpPort]).toBe(0);
});

const address = fc.constantFrom('192.0.2.1', '203.0.113.9', '224.0.0.1', '240.0.0.1', '255.255.255.255');

test('of what it leaves out, the engine says and counts the same', () => {
  const frame = fc.record({
    source: address,
    destination: address,
    destinationPort: fc.constantFrom(WATCHED_PORT, 9, 3_544),
    flags: fc.nat(63),
    payload: fc.uint8Array({ maxLength: 8 }),
  });
  const change = fc.option(fc.tuple(fc.nat(60), fc.nat(255)), { nil: null });
  const everyFlag = makeEngine({ ...CONFIG, detect: [...CONFIG.detect, 'icmp', 'arp'] });
  fc.assert(
    fc.property(frame, change, fc.constantFrom(makeEngine(), everyFlag), (fields, changed, engine) => {
      const octets = ethernet(tcpPacket(fields));
      if (changed !== null) octets[changed[0] % octets.length] = changed[1];
      const before = [...engine.skipped];
      if (!leavesOut(engine, octets)) return;
      const counted = engine.skipped.map((count, skip) => count - (before[skip] as number));
      const reader = new PacketReader('captured', new Packet());
      const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
      const reason = reader.read(view, 0, octets.length, octets.length, LINKTYPE_ETHERNET);
      expect(reason).toBe(Reason.none);
      const middle = [...engine.skipped];
      expect(engine.kindOf(reader.packet)).toBe(Kind.none);
      expect(engine.skipped.map((count, skip) => count - (middle[skip] as number))).toEqual(counted);
    }),
  );
});
