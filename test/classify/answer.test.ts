import { expect, test } from 'vitest';
import { LINKTYPE_ETHERNET } from '../../src/capture/link-type.ts';
import { isOpenPortAnswer } from '../../src/classify/answer.ts';
import { decodeFrame } from '../../src/decode/frame.ts';
import { Packet } from '../../src/decode/packet.ts';
import {
  ACK,
  ethernet,
  extension,
  FIN,
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

test.each<[string, Uint8Array, boolean]>([
  ['a SYN/ACK', tcpPacket({ ...V4, flags: SYN | ACK }), true],
  ['a SYN/ACK over IPv6', tcpPacket({ ...V6, flags: SYN | ACK }), true],
  [
    'a SYN/ACK in a packet with options',
    tcpPacket({ ...V4, flags: SYN | ACK }, { options: new Uint8Array(8) }),
    true,
  ],
  ['a SYN/ACK with data', tcpPacket({ ...V4, flags: SYN | ACK | PSH }), true],
  ['a SYN', tcpPacket({ ...V4, flags: SYN }), false],
  ['an ACK', tcpPacket({ ...V4, flags: ACK }), false],
  ['a refusal', tcpPacket({ ...V4, flags: RST | ACK }), false],
  ['all flags', tcpPacket({ ...V4, flags: SYN | ACK | RST | FIN }), false],
  ['a datagram', udpPacket(V4), false],
  // Anybody may have sent these: the kernel filter does not check their sender.
  [
    'a SYN/ACK behind an extension header',
    ipv6(V6, 60, extension(6, tcpSegment({ ...V6, flags: SYN | ACK }))),
    false,
  ],
  ['a first fragment', tcpPacket({ ...V4, flags: SYN | ACK }, { moreFragments: true }), false],
])('%s: %s', (_name, packet, expected) => {
  const frame = ethernet(packet);
  const decoded = new Packet();
  decodeFrame(new DataView(frame.buffer), 0, frame.length, frame.length, LINKTYPE_ETHERNET, decoded);
  expect(isOpenPortAnswer(decoded)).toBe(expected);
});
