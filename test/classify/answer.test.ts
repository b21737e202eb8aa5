import { expect, test } from 'vitest';
import { LINKTYPE_ETHERNET } from '../../src/capture/link-type.ts';
import { AnswerKind, LeftAnswer, readAnswer } from '../../src/classify/answer.ts';
import { decodeFrame } from '../../src/decode/frame.ts';
import { Packet } from '../../src/decode/packet.ts';
import {
  ACK,
  concat,
  ethernet,
  extension,
  FIN,
  ipPacket,
  ipv6,
  PSH,
  RST,
  SYN,
  tcpPacket,
  tcpSegment,
  udpPacket,
} from '../support/frames.ts';

const V4 = { source: '10.0.0.2', destination: '10.0.0.1', sourcePort: 3000, destinationPort: 40_000 };
const V6 = { ...V4, source: 'fd00::2', destination: 'fd00::1' };

test.each<[string, Uint8Array, AnswerKind | null]>([
  ['a SYN/ACK', tcpPacket({ ...V4, flags: SYN | ACK }), AnswerKind.synAck],
  ['a SYN/ACK over IPv6', tcpPacket({ ...V6, flags: SYN | ACK }), AnswerKind.synAck],
  [
    'a SYN/ACK in a packet with options',
    tcpPacket({ ...V4, flags: SYN | ACK }, { options: new Uint8Array(8) }),
    AnswerKind.synAck,
  ],
  ['a SYN/ACK with data', tcpPacket({ ...V4, flags: SYN | ACK | PSH }), AnswerKind.synAck],
  ['a SYN', tcpPacket({ ...V4, flags: SYN }), null],
  ['an ACK', tcpPacket({ ...V4, flags: ACK }), null],
  ['a refusal', tcpPacket({ ...V4, flags: RST | ACK }), AnswerKind.reset],
  ['a reset alone', tcpPacket({ ...V6, flags: RST }), AnswerKind.reset],
  ['all flags', tcpPacket({ ...V4, flags: SYN | ACK | RST | FIN }), null],
  ['a datagram', udpPacket(V4), null],
  // Anybody may have sent these: the kernel filter does not check their sender.
  [
    'a SYN/ACK behind an extension header',
    ipv6(V6, 60, extension(6, tcpSegment({ ...V6, flags: SYN | ACK }))),
    null,
  ],
  ['a first fragment', tcpPacket({ ...V4, flags: SYN | ACK }, { moreFragments: true }), null],
])('%s: %s', (_name, packet, expected) => {
  const frame = ethernet(packet);
  const decoded = new Packet();
  const view = new DataView(frame.buffer);
  decodeFrame(view, 0, frame.length, frame.length, LINKTYPE_ETHERNET, decoded);
  const answer = new LeftAnswer();
  expect(readAnswer(decoded, view, answer) ? answer.kind : null).toBe(expected);
  if (expected === null) return;
  expect([answer.protocol, answer.sourcePort, answer.destinationPort]).toEqual([6, 3000, 40_000]);
});

const V4_ENDS = { source: '10.0.0.2', destination: '10.0.0.1' };
const V6_ENDS = { source: 'fd00::2', destination: 'fd00::1' };

/** An ICMP message of this host about a packet of the scanner's. */
function message(ends: typeof V4_ENDS, type: number, code: number, quoted: Uint8Array): Uint8Array {
  const icmp = concat(Uint8Array.of(type, code, 0, 0, 0, 0, 0, 0), quoted);
  return ipPacket(ends, ends.source.includes(':') ? 58 : 1, icmp);
}

const reversed = ({ source, destination }: typeof V4_ENDS) => ({ source: destination, destination: source });
const datagram = (ends: typeof V4_ENDS) =>
  udpPacket({ ...reversed(ends), sourcePort: 40_000, destinationPort: 111 });
const segment = (ends: typeof V4_ENDS) =>
  tcpPacket({ ...reversed(ends), sourcePort: 40_000, destinationPort: 111, flags: SYN });

test.each<[string, Uint8Array, readonly [protocol: number, port: number, prober: number] | null]>([
  ['a port unreachable', message(V4_ENDS, 3, 3, datagram(V4_ENDS)), [17, 111, 40_000]],
  ['a port unreachable over IPv6', message(V6_ENDS, 1, 4, datagram(V6_ENDS)), [17, 111, 40_000]],
  [
    'a protocol unreachable',
    message(V4_ENDS, 3, 2, ipPacket(reversed(V4_ENDS), 99, new Uint8Array(8))),
    [99, 99, 0],
  ],
  ['a rejected SYN, which only a firewall answers so', message(V4_ENDS, 3, 3, segment(V4_ENDS)), null],
  ['a prohibition', message(V4_ENDS, 3, 13, datagram(V4_ENDS)), null],
  ['a time exceeded', message(V4_ENDS, 11, 0, datagram(V4_ENDS)), null],
  ['a message without a quoted packet', message(V4_ENDS, 3, 3, new Uint8Array(4)), null],
  ['a quoted packet without ports', message(V4_ENDS, 3, 3, datagram(V4_ENDS).subarray(0, 22)), null],
  [
    'a quoted packet to somebody else',
    message(V4_ENDS, 3, 3, datagram({ ...V4_ENDS, source: '10.0.0.3' })),
    null,
  ],
])('an ICMP message: %s', (_name, packet, expected) => {
  const frame = ethernet(packet);
  const decoded = new Packet();
  const view = new DataView(frame.buffer);
  decodeFrame(view, 0, frame.length, frame.length, LINKTYPE_ETHERNET, decoded);
  const answer = new LeftAnswer();
  const is = readAnswer(decoded, view, answer);
  expect(is ? [answer.protocol, answer.sourcePort, answer.destinationPort] : null).toEqual(expected);
  if (is)
    expect([answer.kind, answer.destination.toString()]).toEqual([
      AnswerKind.unreachable,
      decoded.destination.toString(),
    ]);
});
