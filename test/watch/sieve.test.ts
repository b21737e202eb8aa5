import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LINKTYPE_ETHERNET, LINKTYPE_RAW } from '../../src/capture/link-type.ts';
import { Kind } from '../../src/classify/kind.ts';
import { PortSet } from '../../src/config/ports.ts';
import { Packet } from '../../src/decode/packet.ts';
import { PacketReader } from '../../src/decode/packet-reader.ts';
import { Reason } from '../../src/decode/reason.ts';
import { Engine, type EngineParts } from '../../src/engine.ts';
import { type Address, parseAddress } from '../../src/net/address.ts';
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../../src/net/protocol.ts';
import { inferOpen } from '../../src/watch/infer.ts';
import { OpenPorts } from '../../src/watch/open-ports.ts';
import { SeenAnswers } from '../../src/watch/seen-answers.ts';
import { SeenConnections } from '../../src/watch/seen-connections.ts';
import type { Sieve } from '../../src/watch/sieve.ts';
import { Skip } from '../../src/watch/skipped.ts';
import { WatchedPorts } from '../../src/watch/watched-ports.ts';
import { configWith } from '../respond/given.ts';
import { engineParts, recorderOf } from '../support/engine-parts.ts';
import {
  ACK,
  type Ends,
  ethernet,
  FIN,
  PSH,
  RST,
  SYN,
  tcpPacket,
  URG,
  udpPacket,
} from '../support/frames.ts';

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

describe('with flows that it was told of', () => {
  const config = configWith({
    tcpPorts: PortSet.of([{ first: WATCHED_PORT, last: WATCHED_PORT }]),
    udpPorts: PortSet.of([{ first: WATCHED_PORT, last: WATCHED_PORT }]),
  });
  const modes = { tcp: 'stcp', udp: 'sudp' } as const;
  const salt = 1;

  /** A first pass over frames, with a sieve or without. */
  class Pass {
    readonly open = new OpenPorts(salt);
    readonly connections = new SeenConnections(salt);
    readonly answers = new SeenAnswers(salt);
    readonly engine: Engine;
    readonly #reader = new PacketReader('captured', new Packet());
    readonly #sieve: Sieve | null;
    leftOut = 0;

    constructor(hasSieve: boolean) {
      const watched = new WatchedPorts(config, modes);
      const parts = { watched, inUse: this.open, connections: this.connections };
      this.engine = new Engine(engineParts(config, recorderOf({}), parts, modes));
      this.#sieve = hasSieve ? this.engine.sieve() : null;
    }

    /** Why the frame was not decoded, and what kind of probe it is. */
    take(frame: Uint8Array): [Reason, Kind] {
      const view = new DataView(frame.slice().buffer);
      const numbers = [view, 0, frame.length, frame.length, LINKTYPE_ETHERNET] as const;
      if (this.#sieve?.leavesOut(...numbers)) {
        this.leftOut++;
        return [Reason.none, Kind.none];
      }
      const reason = this.#reader.read(...numbers);
      if (reason !== Reason.none) return [reason, Kind.none];
      const { packet } = this.#reader;
      inferOpen(packet, this.open, this.connections, this.answers);
      const kind = this.engine.kindOf(packet);
      if (kind === Kind.none) this.#sieve?.note(packet, this.open, true);
      return [reason, kind];
    }
  }

  const v4 = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom('192.0.2.1', '203.0.113.9') },
    fc.constant('224.0.0.1'),
  );
  const v6 = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom('fd00::1', 'fd00::2') },
    fc.constant('ff02::1'),
  );
  const ends = fc.oneof(
    fc.record({ source: v4, destination: v4 }),
    fc.record({ source: v6, destination: v6 }),
  );
  const port = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(WATCHED_PORT, 50_000) },
    fc.constantFrom(9, 3_544),
  );
  const frame = fc
    .record({
      ends,
      sourcePort: port,
      destinationPort: port,
      flags: fc.option(fc.oneof(fc.constantFrom(ACK, SYN | ACK, SYN, ACK | PSH), fc.nat(63)), { nil: null }),
      payload: fc.uint8Array({ maxLength: 60 }),
      isToAll: fc.integer({ max: 9, min: 0 }).map((number) => number === 0),
      change: fc.option(fc.tuple(fc.nat(110), fc.nat(255)), { nil: null, freq: 3 }),
      cut: fc.option(fc.nat(110), { nil: null, freq: 8 }),
    })
    .map(({ ends, flags, isToAll, change, cut, ...fields }) => {
      const packet =
        flags === null ? udpPacket({ ...ends, ...fields }) : tcpPacket({ ...ends, ...fields, flags });
      const octets = ethernet(packet, isToAll ? { destination: 'ff:ff:ff:ff:ff:ff' } : {});
      if (change !== null) octets[change[0] % octets.length] = change[1];
      return cut === null ? octets : octets.slice(0, cut);
    });

  test('a pass learns, counts and finds the same as one without a sieve', () => {
    let leftOut = 0;
    fc.assert(
      fc.property(fc.array(frame, { minLength: 150, maxLength: 200 }), fc.nat(150), (frames, denialsFrom) => {
        const [plain, sieved] = [new Pass(false), new Pass(true)];
        for (const [index, octets] of frames.entries()) {
          if (index === denialsFrom) for (const { open } of [plain, sieved]) open.keepDenials();
          expect(sieved.take(octets)).toEqual(plain.take(octets));
        }
        leftOut += sieved.leftOut;
        expect(sieved.engine.skipped).toEqual(plain.engine.skipped);
        expect(sieved.open.wasWrong).toBe(plain.open.wasWrong);
        for (const text of ['192.0.2.1', '203.0.113.9', 'fd00::1', 'fd00::2']) {
          const address = parseAddress(text) as Address;
          expect(sieved.answers.to(address)).toEqual(plain.answers.to(address));
          for (const protocol of [PROTOCOL_TCP, PROTOCOL_UDP]) {
            for (const port of [WATCHED_PORT, 9, 3_544, 50_000])
              expect(sieved.open.holds(protocol, address, port)).toBe(
                plain.open.holds(protocol, address, port),
              );
          }
        }
      }),
      { numRuns: 40 },
    );
    expect(leftOut).toBeGreaterThan(100);
  });

  const V6_ENDS = { source: 'fd00::1', destination: 'fd00::2' };

  test.each<[string, Ends]>([
    ['IPv4', ENDS],
    ['IPv6', V6_ENDS],
  ])(
    'leaves out what follows in a connection to a watched port, and in a flow of datagrams, of %s',
    (_, given) => {
      const back = { source: given.destination, destination: given.source };
      const client = { ...given, sourcePort: 50_000, destinationPort: WATCHED_PORT };
      const server = { ...back, sourcePort: WATCHED_PORT, destinationPort: 50_000 };
      const pass = new Pass(true);
      for (let round = 0; round < 2; round++) {
        pass.take(ethernet(tcpPacket({ ...server, flags: SYN | ACK })));
        pass.take(ethernet(tcpPacket({ ...client, flags: ACK })));
        pass.take(ethernet(tcpPacket({ ...client, flags: ACK | PSH, payload: new Uint8Array(20) })));
      }
      expect(pass.leftOut).toBe(3);
      for (let round = 0; round < 2; round++) {
        pass.take(ethernet(udpPacket({ ...server, payload: new Uint8Array(20) })));
        pass.take(ethernet(udpPacket({ ...client, payload: new Uint8Array(20) })));
      }
      expect(pass.leftOut).toBe(5);
      expect(pass.engine.skipped[Skip.udpPort]).toBe(2);
    },
  );

  test('no datagram of IPv6 hides behind one of IPv4 with the same words', () => {
    const pass = new Pass(true);
    const fields = { sourcePort: 9, destinationPort: 50_000, payload: new Uint8Array(20) };
    for (let round = 0; round < 2; round++) pass.take(ethernet(udpPacket({ ...ENDS, ...fields })));
    expect(pass.leftOut).toBe(1);
    // The addresses are those of IPv4 in their mapped form.
    const octets = ethernet(udpPacket({ ...V6_ENDS, ...fields }));
    octets.set([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 192, 0, 2, 1], 22);
    octets.set([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 203, 0, 113, 9], 38);
    expect(pass.take(octets)[0]).toBe(Reason.mappedAddress);
  });
});
