import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LINKTYPE_ETHERNET } from '../../src/capture/link-type.ts';
import { decodeFrame } from '../../src/decode/frame.ts';
import { Packet } from '../../src/decode/packet.ts';
import { readPlainProbe } from '../../src/decode/plain-probe.ts';
import { Reason } from '../../src/decode/reason.ts';
import { verifyChecksums } from '../../src/decode/transport/checksum.ts';
import { readTcpOptions } from '../../src/decode/transport/tcp-options.ts';
import { concat, ethernet, ipPacket, SYN, tcpPacket, tcpSegment, udpPacket } from '../support/frames.ts';

const ENDS = { source: '192.0.2.1', destination: '203.0.113.9', destinationPort: 111 };
const MSS = new Uint8Array([2, 4, 5, 0xb4]);

const syn = ethernet(tcpPacket({ ...ENDS, flags: SYN }));
const nmapSyn = withMss();

function withMss(): Uint8Array {
  const segment = tcpSegment({ ...ENDS, flags: SYN, payload: MSS });
  const view = new DataView(segment.buffer, segment.byteOffset);
  view.setUint8(12, 6 << 4);
  // The data offset was 5 and is part of the sum; a borrow comes back at the other end.
  const sum = view.getUint16(16) - 0x1000;
  view.setUint16(16, sum < 0 ? sum - 1 : sum);
  return ethernet(ipPacket(ENDS, 6, segment));
}

/** The results of both ways; null when the frame has no packet. The view covers exactly the frame. */
function read(frame: Uint8Array, wireLength = frame.length) {
  const view = new DataView(frame.slice().buffer);
  const packet = new Packet();
  const reason = decodeFrame(view, 0, frame.length, wireLength, LINKTYPE_ETHERNET, packet);
  if (reason !== Reason.none) return null;
  const isPlain = readPlainProbe(view, packet);
  const plain = [packet.tcpHeaderLength, packet.firstOption];
  readTcpOptions(view, packet);
  return {
    isPlain,
    plain,
    inGeneral: [packet.tcpHeaderLength, packet.firstOption],
    reason: verifyChecksums(view, packet, 'received'),
  };
}

test.each<[string, Uint8Array, number[]]>([
  ['a SYN', syn, [20, 0]],
  ["nmap's SYN, with an option", nmapSyn, [24, 0x020405b4]],
  ['a frame with padding', concat(syn, new Uint8Array(6)), [20, 0]],
])('reads: %s', (_name, frame, plain) => {
  expect(read(frame)).toEqual({ isPlain: true, plain, inGeneral: plain, reason: Reason.none });
});

test.each<[string, Uint8Array, number?]>([
  ['a segment with data', ethernet(tcpPacket({ ...ENDS, flags: SYN, payload: new Uint8Array(80) }))],
  ['an octet of data', ethernet(tcpPacket({ ...ENDS, flags: SYN, payload: new Uint8Array(1) }))],
  ['IPv4 options', ethernet(tcpPacket({ ...ENDS, flags: SYN }, { options: new Uint8Array(4) }))],
  ['UDP', ethernet(udpPacket(ENDS))],
  ['IPv6', ethernet(tcpPacket({ ...ENDS, source: 'fd00::1', destination: 'fd00::2', flags: SYN }))],
  ['a packet that was cut', nmapSyn.slice(0, 54), nmapSyn.length],
])('leaves to the general way: %s', (_name, frame, wireLength) => {
  expect(read(frame, wireLength)).toMatchObject({ isPlain: false, plain: [0, 0], reason: Reason.none });
});

test.each([
  ['header', 14 + 8, Reason.ipChecksum],
  ['address', 14 + 15, Reason.ipChecksum],
  ['port', 34 + 1, Reason.transportChecksum],
  ['option', 34 + 23, Reason.transportChecksum],
])('leaves a wrong checksum to the general way: a changed octet in the %s', (_name, at, reason) => {
  const frame = nmapSyn.slice();
  frame[at] = (frame[at] as number) ^ 0x55;
  expect(read(frame)).toMatchObject({ isPlain: false, plain: [0, 0], reason });
});

test('for any octets, what it reads is right, and the same as in general', () => {
  const edits = fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 3 });
  let known = 0;
  fc.assert(
    fc.property(fc.constantFrom(syn, nmapSyn), edits, fc.nat(8), (valid, changes, padding) => {
      const frame = concat(valid, new Uint8Array(padding));
      for (const [at, value] of changes) if (at < frame.length) frame[at] = value;
      const both = read(frame);
      if (both?.isPlain !== true) return;
      known++;
      expect(both.reason).toBe(Reason.none);
      expect(both.plain).toEqual(both.inGeneral);
    }),
    { numRuns: 20_000 },
  );
  expect(known).toBeGreaterThan(1_000);
});
