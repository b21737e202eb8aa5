import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LINKTYPE_RAW } from '../../src/capture/link-type.ts';
import { decodeFrame } from '../../src/decode/frame.ts';
import { Packet } from '../../src/decode/packet.ts';
import { Reason } from '../../src/decode/reason.ts';
import { verifyChecksums } from '../../src/decode/transport/checksum.ts';
import { SYN, tcpPacket, udpPacket } from '../support/frames.ts';

const IPV4_HEADER = 20;
const IPV6_HEADER = 40;
const TCP_SUM = 16;
const UDP_SUM = 6;

const ENDS = fc.oneof(
  fc.tuple(fc.ipV4(), fc.ipV4()),
  // Mapped addresses are rejected before a checksum is verified.
  fc.tuple(fc.ipV6(), fc.ipV6()).filter((ends) => ends.every((end) => !/^(0*:)*:?(ffff:|.*\.)/i.test(end))),
);
const PACKET = fc
  .record({
    ends: ENDS,
    payload: fc.uint8Array({ maxLength: 60 }),
    isTcp: fc.boolean(),
    port: fc.nat(65_535),
  })
  .map(({ ends: [source, destination], payload, isTcp, port }) => {
    const fields = { source, destination, destinationPort: port, payload };
    return { isTcp, octets: isTcp ? tcpPacket({ ...fields, flags: SYN }) : udpPacket(fields) };
  });

function verify(octets: Uint8Array): Reason {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  const packet = new Packet();
  const reason = decodeFrame(view, 0, octets.length, octets.length, LINKTYPE_RAW, packet);
  return reason === Reason.none ? verifyChecksums(view, packet, 'captured') : reason;
}

/** The offset of the transport checksum in the packet. */
function sumAt(octets: Uint8Array, isTcp: boolean): number {
  return ((octets[0] as number) >> 4 === 4 ? IPV4_HEADER : IPV6_HEADER) + (isTcp ? TCP_SUM : UDP_SUM);
}

/** RFC 1071 literally: adds 16-bit words, and each carry at once. */
function naiveSum(octets: Uint8Array, start: number): number {
  let sum = start;
  for (let at = 0; at < octets.length; at++) {
    sum += at % 2 === 0 ? (octets[at] as number) * 256 : (octets[at] as number);
    if (sum > 0xffff) sum = (sum % 0x10000) + 1;
  }
  return sum;
}

/** The sums of the pseudo-header and of the whole, both naive. */
function naiveSums(octets: Uint8Array, isTcp: boolean): { pseudo: number; whole: number } {
  const v4 = (octets[0] as number) >> 4 === 4;
  const segment = octets.slice(v4 ? IPV4_HEADER : IPV6_HEADER);
  const addresses = octets.slice(v4 ? 12 : 8, v4 ? IPV4_HEADER : IPV6_HEADER);
  const rest = new Uint8Array([0, isTcp ? 6 : 17, segment.length >> 8, segment.length & 0xff]);
  const pseudo = naiveSum(rest, naiveSum(addresses, 0));
  return { pseudo, whole: naiveSum(segment, pseudo) };
}

test('a right checksum is accepted', () => {
  fc.assert(
    fc.property(PACKET, ({ octets }) => {
      expect(verify(octets)).toBe(Reason.none);
    }),
    { numRuns: 3_000 },
  );
});

test('for any value of the field, the naive sum agrees', () => {
  fc.assert(
    fc.property(
      PACKET,
      fc.integer({ min: 1, max: 0xffff }),
      fc.boolean(),
      ({ octets, isTcp }, field, offload) => {
        const at = sumAt(octets, isTcp);
        const { pseudo } = naiveSums(octets, isTcp);
        const value = offload ? pseudo : field;
        octets[at] = value >> 8;
        octets[at + 1] = value & 0xff;
        const right = value === pseudo || naiveSums(octets, isTcp).whole === 0xffff;
        expect(verify(octets)).toBe(right ? Reason.none : Reason.transportChecksum);
      },
    ),
    { numRuns: 5_000 },
  );
});

test('one flipped bit in the IPv4 header is seen', () => {
  const v4 = PACKET.filter(({ octets }) => (octets[0] as number) >> 4 === 4);
  // Identification and time to live: they do not change how the packet is decoded.
  fc.assert(
    fc.property(v4, fc.constantFrom(4, 5, 8), fc.integer({ min: 0, max: 7 }), ({ octets }, at, bit) => {
      octets[at] = (octets[at] as number) ^ (1 << bit);
      expect(verify(octets)).toBe(Reason.ipChecksum);
    }),
    { numRuns: 1_000 },
  );
});
