import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  LINKTYPE_ETHERNET,
  LINKTYPE_IPV4,
  LINKTYPE_IPV6,
  LINKTYPE_LINUX_SLL,
  LINKTYPE_LOOP,
  LINKTYPE_NULL,
  LINKTYPE_RAW,
} from '../../src/capture/link-type.ts';
import { classify } from '../../src/classify/classify.ts';
import { verifyChecksums } from '../../src/decode/checksum.ts';
import { decodeFrame } from '../../src/decode/frame.ts';
import { Packet } from '../../src/decode/packet.ts';
import { REASON_COUNT, Reason } from '../../src/decode/reason.ts';
import {
  ACK,
  concat,
  ethernet,
  extension,
  ipv6,
  PSH,
  SYN,
  sll,
  tcpPacket,
  tcpSegment,
  udpDatagram,
  udpPacket,
  vlanTag,
} from '../support/frames.ts';

const LINK_TYPES = [
  LINKTYPE_ETHERNET,
  LINKTYPE_LINUX_SLL,
  LINKTYPE_RAW,
  LINKTYPE_IPV4,
  LINKTYPE_IPV6,
  LINKTYPE_NULL,
  LINKTYPE_LOOP,
];

const V4 = { source: '10.0.0.1', destination: '10.0.0.2' };
const V6 = { source: 'fd00::1', destination: 'fd00::2' };
const LOOPBACK_HEADER = new Uint8Array([2, 0, 0, 0]);

/** A valid frame of each shape that is decoded. */
const VALID: readonly [string, number, Uint8Array][] = [
  ['TCP over IPv4', LINKTYPE_ETHERNET, ethernet(tcpPacket({ ...V4, destinationPort: 111, flags: SYN }))],
  [
    'TCP with IPv4 options and data',
    LINKTYPE_ETHERNET,
    ethernet(
      tcpPacket(
        { ...V4, destinationPort: 111, flags: ACK | PSH, payload: new Uint8Array([1, 2, 3]) },
        { options: new Uint8Array(8) },
      ),
    ),
  ],
  ['UDP over IPv4', LINKTYPE_RAW, udpPacket({ ...V4, destinationPort: 9, payload: new Uint8Array([1]) })],
  ['TCP over IPv6', LINKTYPE_LINUX_SLL, sll(tcpPacket({ ...V6, destinationPort: 111, flags: SYN }))],
  [
    'a chain of extension headers',
    LINKTYPE_ETHERNET,
    ethernet(
      ipv6(V6, 0, extension(43, extension(60, extension(17, udpDatagram({ ...V6, destinationPort: 9 })), 1))),
    ),
  ],
  [
    'a fragment header',
    LINKTYPE_NULL,
    concat(
      LOOPBACK_HEADER,
      ipv6(V6, 44, extension(6, tcpSegment({ ...V6, destinationPort: 1, flags: SYN }))),
    ),
  ],
  [
    'two VLAN tags',
    LINKTYPE_ETHERNET,
    ethernet(vlanTag(1, vlanTag(2, udpPacket({ ...V4, destinationPort: 9 })), 0x8100), { etherType: 0x88a8 }),
  ],
];

/**
 * Decodes and checks as the packet path does. The view is over exactly the frame: reading one octet outside it
 * throws a RangeError, so that no exception is the proof.
 */
function decode(frame: Uint8Array, linkType: number, wireLength = frame.length): Reason {
  const exact = frame.slice();
  const view = new DataView(exact.buffer);
  const packet = new Packet();
  const reason = decodeFrame(view, 0, exact.length, wireLength, linkType, packet);
  expect(reason).toBeGreaterThanOrEqual(0);
  expect(reason).toBeLessThan(REASON_COUNT);
  if (reason !== Reason.none) return reason;
  expect([6, 17]).toContain(packet.protocol);
  classify(packet);
  return verifyChecksums(view, packet);
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

  test('behind a header that leads deeper', () => {
    const head = fc.constantFrom(...VALID.map(([, linkType, frame]) => ({ linkType, frame })));
    const cut = fc.integer({ min: 0, max: 80 });
    fc.assert(
      fc.property(head, cut, fc.uint8Array({ maxLength: 120 }), ({ linkType, frame }, length, tail) => {
        decode(concat(frame.slice(0, length), tail), linkType);
      }),
      { numRuns: 20_000 },
    );
  });
});

describe.each(VALID)('%s', (_name, linkType, frame) => {
  test('is decoded as it is', () => {
    expect(decode(frame, linkType)).toBe(Reason.none);
  });

  test('every prefix of it, cut by the snap length and cut on the wire', () => {
    for (let length = 0; length < frame.length; length++) {
      const cut = frame.slice(0, length);
      expect(decode(cut, linkType), `${length} on the wire`).not.toBe(Reason.none);
      decode(cut, linkType, frame.length);
    }
  });

  test('every octet of it changed to every other', () => {
    for (let at = 0; at < frame.length; at++) {
      const changed = frame.slice();
      for (let value = 0; value < 256; value++) {
        changed[at] = value;
        decode(changed, linkType);
      }
    }
  });
});

test('a chain of extension headers that never ends is left', () => {
  const endless = concat(...Array.from({ length: 1_000 }, () => new Uint8Array([60, 0, 0, 0, 0, 0, 0, 0])));
  expect(decode(ipv6(V6, 60, endless), LINKTYPE_RAW)).toBe(Reason.ipv6Extensions);
});
