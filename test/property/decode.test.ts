import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalLinkType } from '../../src/capture/link-type.ts';
import { classify } from '../../src/classify/classify.ts';
import { Packet } from '../../src/decode/packet.ts';
import { PacketReader } from '../../src/decode/packet-reader.ts';
import { REASON_COUNT, Reason } from '../../src/decode/reason.ts';
import {
  concat,
  icmpPacket,
  ipPacket,
  ipv6,
  PSH,
  SYN,
  sctpPacket,
  tcpPacket,
  URG,
  udpPacket,
} from '../support/frames.ts';
import { holds, WRAPPINGS } from '../support/wrappings.ts';

const LINK_TYPES = [...new Set(WRAPPINGS.map(({ linkType }) => linkType))];

const V4 = { source: '10.0.0.1', destination: '10.0.0.2' };
const V6 = { source: 'fd00::1', destination: 'fd00::2' };

const PACKETS = [V4, V6].flatMap((ends) => [
  tcpPacket({ ...ends, destinationPort: 111, flags: SYN }),
  tcpPacket({ ...ends, destinationPort: 111, flags: PSH | URG, payload: new Uint8Array([1, 2, 3]) }),
  udpPacket({ ...ends, destinationPort: 9, payload: new Uint8Array([1]) }),
]);

/** Packets without ports, or with those of SCTP. */
const OTHERS = [V4, V6].flatMap((ends) => [
  sctpPacket({ ...ends, destinationPort: 9, chunkType: 1 }),
  sctpPacket({ ...ends, destinationPort: 9, chunkType: 10, value: new Uint8Array(5) }),
  icmpPacket(ends, ends === V4 ? 8 : 128),
  ipPacket(ends, 99, new Uint8Array([1, 2, 3])),
]);

/** The most octets that a link adds behind a packet. */
const MAX_PADDING = 6;

/** A valid frame of each kind that is decoded. */
const VALID = WRAPPINGS.map((wrapping) => ({
  ...wrapping,
  frames: PACKETS.filter((packet) => holds(wrapping, packet)).map(wrapping.wrap),
}));

const reader = new PacketReader('captured', new Packet());

/**
 * Decodes and verifies as the packet path does. The view covers exactly the frame: a read outside it throws a
 * RangeError, so the absence of an exception is the proof.
 */
function decode(frame: Uint8Array, linkType: number, wireLength = frame.length): Reason {
  const exact = frame.slice();
  const view = new DataView(exact.buffer);
  const reason = reader.read(view, 0, exact.length, wireLength, canonicalLinkType(linkType));
  if (!(reason >= 0 && reason < REASON_COUNT)) throw new Error(`reason ${reason}`);
  if (reason !== Reason.none) return reason;
  classify(reader.packet);
  return reader.verify(view);
}

describe('arbitrary octets', () => {
  test.each(LINK_TYPES)('on link type %i', (linkType) => {
    const octets = fc.uint8Array({ maxLength: 200 });
    fc.assert(
      fc.property(octets, fc.integer({ min: 0, max: 70_000 }), (frame, wireLength) => {
        decode(frame, linkType, wireLength);
      }),
      { numRuns: 3_000 },
    );
  });

  test('behind valid headers', () => {
    const head = fc.constantFrom(
      ...VALID.flatMap(({ linkType, frames }) => frames.map((frame) => ({ linkType, frame }))),
    );
    const cut = fc.integer({ min: 0, max: 120 });
    fc.assert(
      fc.property(head, cut, fc.uint8Array({ maxLength: 120 }), ({ linkType, frame }, length, tail) => {
        decode(concat(frame.slice(0, length), tail), linkType);
      }),
      { numRuns: 40_000 },
    );
  });
});

test.each(OTHERS.map((octets) => [octets[0] === 0x60 ? octets[6] : octets[9], octets]))(
  'protocol %i: itself, every prefix of it, and every octet of it changed to every other',
  (_protocol, octets) => {
    const valid = octets as Uint8Array;
    expect(decode(valid, 101)).toBe(Reason.none);
    for (let length = 0; length < valid.length; length++) {
      decode(valid.slice(0, length), 101);
      decode(valid.slice(0, length), 101, valid.length);
    }
    const changed = valid.slice();
    for (let at = 0; at < valid.length; at++) {
      for (let value = 0; value < 256; value++) {
        changed[at] = value;
        decode(changed, 101);
      }
      changed[at] = valid[at] as number;
    }
  },
);

test.each([V4, V6])(
  'one octet changed in an SCTP packet or ICMP message is a wrong checksum: $source',
  (ends) => {
    const header = ends === V4 ? 20 : 40;
    for (const valid of [
      sctpPacket({ ...ends, destinationPort: 9, chunkType: 1 }),
      icmpPacket(ends, ends === V4 ? 8 : 128),
    ]) {
      for (let at = header; at < valid.length; at++) {
        // The chunk length is judged before the checksum.
        if (valid.length > header + 8 && (at === header + 14 || at === header + 15)) continue;
        const changed = valid.slice();
        changed[at] = (changed[at] as number) ^ 0x40;
        expect(decode(changed, 101), `octet ${at}`).toBe(Reason.transportChecksum);
      }
    }
  },
);

describe.each(VALID)('$name', ({ linkType, frames }) => {
  test('every prefix of it, cut by the snap length and cut on the wire', () => {
    for (const frame of frames) {
      expect(decode(frame, linkType)).toBe(Reason.none);
      for (let length = 0; length < frame.length; length++) {
        const cut = frame.slice(0, length);
        const reason = decode(cut, linkType);
        if (length < frame.length - MAX_PADDING)
          expect(reason, `${length} on the wire`).not.toBe(Reason.none);
        decode(cut, linkType, frame.length);
      }
    }
  });

  test('every octet of it changed to every other', () => {
    for (const frame of frames) {
      const changed = frame.slice();
      for (let at = 0; at < frame.length; at++) {
        for (let value = 0; value < 256; value++) {
          changed[at] = value;
          decode(changed, linkType);
        }
        changed[at] = frame[at] as number;
      }
    }
  });
});

test('a chain of extension headers that fills the packet ends with it', () => {
  const chain = concat(...Array.from({ length: 1_000 }, () => new Uint8Array([60, 0, 0, 0, 0, 0, 0, 0])));
  expect(decode(ipv6(V6, 60, chain), 101)).toBe(Reason.ipHeader);
});
