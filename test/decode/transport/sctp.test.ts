import { expect, test } from 'vitest';
import { LINKTYPE_RAW } from '../../../src/capture/link-type.ts';
import { decodeFrame } from '../../../src/decode/frame.ts';
import { Packet } from '../../../src/decode/packet.ts';
import { Reason } from '../../../src/decode/reason.ts';
import { verifyChecksums } from '../../../src/decode/transport/checksum.ts';
import { crc32c } from '../../../src/decode/transport/crc32c.ts';
import { sctpPacket } from '../../support/frames.ts';

const V4 = { source: '10.0.0.1', destination: '10.0.0.2' };
const V6 = { source: 'fd00::1', destination: 'fd00::2' };

function read(octets: Uint8Array, wireLength = octets.length) {
  const packet = new Packet();
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  const reason = decodeFrame(view, 0, octets.length, wireLength, LINKTYPE_RAW, packet);
  return {
    packet,
    reason,
    sums: reason === Reason.none ? verifyChecksums(view, packet, 'received') : reason,
  };
}

test('the CRC32c of nine digits is the published check value', () => {
  const digits = new TextEncoder().encode('123456789');
  expect(crc32c(new DataView(digits.buffer), 0, 9, 100)).toBe(0xe3069283);
});

test.each([V4, V6])('ports and the type of the first chunk, from $source', (ends) => {
  const { packet, sums } = read(sctpPacket({ ...ends, sourcePort: 7, destinationPort: 3868, chunkType: 10 }));
  expect(sums).toBe(Reason.none);
  expect(packet).toMatchObject({
    protocol: 132,
    sourcePort: 7,
    destinationPort: 3868,
    messageType: 10,
    tcpFlags: 0,
  });
});

test.each([
  ['wrong', 0x12345678, Reason.transportChecksum],
  ['left to the network card', 0, Reason.none],
])('a checksum that is %s', (_name, checksum, reason) => {
  expect(read(sctpPacket({ ...V4, destinationPort: 1, chunkType: 1, checksum })).sums).toBe(reason);
});

test('a chunk longer than the packet, or shorter than its header', () => {
  const octets = sctpPacket({ ...V4, destinationPort: 1, chunkType: 1 });
  const view = new DataView(octets.buffer);
  for (const length of [0, 3, 21, 65_535]) {
    view.setUint16(20 + 14, length);
    expect(read(octets).reason, `length ${length}`).toBe(Reason.transportLength);
  }
});

test('a cut packet is decoded as far as the chunk type, without its checksum', () => {
  const octets = sctpPacket({ ...V4, destinationPort: 9, chunkType: 1, checksum: 0x12345678 });
  expect(read(octets.slice(0, 33), octets.length).sums).toBe(Reason.none);
  expect(read(octets.slice(0, 32), octets.length).reason).toBe(Reason.transportHeader);
});
