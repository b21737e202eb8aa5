import { describe, expect, test } from 'vitest';
import {
  LINKTYPE_C_HDLC,
  LINKTYPE_ETHERNET,
  LINKTYPE_LINUX_SLL,
  LINKTYPE_LINUX_SLL2,
  LINKTYPE_LOOP,
  LINKTYPE_NFLOG,
  LINKTYPE_PPP,
  LINKTYPE_PPP_ETHER,
  LINKTYPE_PPP_HDLC,
  LINKTYPE_RAW,
} from '../../src/capture/link-type.ts';
import { decodeFrame } from '../../src/decode/frame.ts';
import { Packet } from '../../src/decode/packet.ts';
import { Reason } from '../../src/decode/reason.ts';
import { decoded } from '../support/decoded.ts';
import {
  ACK,
  concat,
  ethernet,
  extension,
  FIN,
  ipPacket,
  ipv4,
  ipv6,
  PSH,
  SYN,
  sll,
  tcpPacket,
  tcpSegment,
  u16,
  udpDatagram,
  udpPacket,
  vlanTag,
} from '../support/frames.ts';
import { sll2 } from '../support/wrappings.ts';

const V4 = { source: '10.0.0.1', destination: '10.0.0.2' };
const V6 = { source: 'fd00::1', destination: 'fd00::2' };
const SYN_111 = { destinationPort: 111, sourcePort: 41302, flags: SYN };
const LINKTYPE_UNKNOWN = 147;

test('IP options, fragments and link-layer group addresses are noted', () => {
  expect(decoded(ethernet(tcpPacket({ ...V4, ...SYN_111 }))).packet).toMatchObject({
    ipOptions: false,
    fragmented: false,
    linkGroup: false,
  });
  expect(
    decoded(ethernet(tcpPacket({ ...V4, ...SYN_111 }, { options: new Uint8Array(4) }))).packet.ipOptions,
  ).toBe(true);
  expect(
    decoded(ethernet(ipv6(V6, 60, extension(17, udpDatagram({ ...V6, destinationPort: 9 }))))).packet
      .ipOptions,
  ).toBe(true);
  expect(decoded(ethernet(tcpPacket({ ...V4, ...SYN_111 }, { moreFragments: true }))).packet.fragmented).toBe(
    true,
  );
  expect(
    decoded(ethernet(udpPacket({ ...V4, destinationPort: 9 }), { destination: 'ff:ff:ff:ff:ff:ff' })).packet
      .linkGroup,
  ).toBe(true);
  const datagram = udpPacket({ ...V4, destinationPort: 9 });
  expect(decoded(sll(datagram, 2), LINKTYPE_LINUX_SLL).packet.linkGroup).toBe(true);
  expect(decoded(sll2(datagram, 0x0800, 1), LINKTYPE_LINUX_SLL2).packet.linkGroup).toBe(true);
});

test('ECE and CWR are ignored', () => {
  expect(decoded(ethernet(tcpPacket({ ...V4, ...SYN_111, flags: SYN | 0xc0 }))).packet.tcpFlags).toBe(SYN);
});

describe('a frame that cannot be decoded has a reason', () => {
  const tcp = tcpSegment({ ...V4, ...SYN_111 });
  const shortOffset = tcp.slice();
  shortOffset[12] = 4 << 4;
  const longOffset = tcp.slice();
  longOffset[12] = 15 << 4;
  const shortUdp = udpDatagram({ ...V4, destinationPort: 9 });
  shortUdp[5] = 7;
  const zeroUdp = udpDatagram({ ...V4, destinationPort: 9 });
  zeroUdp[5] = 0;
  const longUdp = udpDatagram({ ...V4, destinationPort: 9 });
  longUdp[5] = 200;
  const shortHeader = tcpPacket({ ...V4, ...SYN_111 });
  shortHeader[0] = 0x44;
  const fiveTags = Array.from({ length: 4 }).reduce<Uint8Array>(
    (payload) => vlanTag(1, payload, 0x8100),
    vlanTag(1, tcpPacket({ ...V4, ...SYN_111 })),
  );
  const spanningTree = concat(new Uint8Array([0x42, 0x42, 0x03]), new Uint8Array(35));
  const ciscoSnap = concat(new Uint8Array([0xaa, 0xaa, 0x03, 0, 0, 0x0c, 0x20, 0]), new Uint8Array(30));
  const nineLabels = concat(
    new Uint8Array(32),
    new Uint8Array([0, 0, 1, 64]),
    tcpPacket({ ...V4, ...SYN_111 }),
  );
  const pseudowire = concat(new Uint8Array([0, 0, 1, 64]), new Uint8Array(60));
  test.each<[string, Uint8Array, number, number]>([
    ['unknown link type', tcpPacket({ ...V4, ...SYN_111 }), LINKTYPE_UNKNOWN, Reason.linkType],
    ['empty frame', new Uint8Array(), LINKTYPE_ETHERNET, Reason.linkHeader],
    ['cut Ethernet', new Uint8Array(13), LINKTYPE_ETHERNET, Reason.linkHeader],
    [
      'cut VLAN tag',
      ethernet(new Uint8Array(3), { etherType: 0x8100 }),
      LINKTYPE_ETHERNET,
      Reason.linkHeader,
    ],
    ['empty raw', new Uint8Array(), LINKTYPE_RAW, Reason.linkHeader],
    ['cut BSD loopback', new Uint8Array(3), LINKTYPE_LOOP, Reason.linkHeader],
    ['cut Linux cooked frame', new Uint8Array(15), LINKTYPE_LINUX_SLL, Reason.linkHeader],
    ['cut Linux cooked frame, version 2', new Uint8Array(19), LINKTYPE_LINUX_SLL2, Reason.linkHeader],
    ['cut PPP', new Uint8Array([0x21]), LINKTYPE_PPP, Reason.linkHeader],
    ['cut PPP, HDLC-like', new Uint8Array([0xff, 0x03, 0x21]), LINKTYPE_PPP, Reason.linkHeader],
    ['empty serial line', new Uint8Array(), LINKTYPE_PPP_HDLC, Reason.linkHeader],
    ['cut PPPoE', new Uint8Array(5), LINKTYPE_PPP_ETHER, Reason.linkHeader],
    ['cut Cisco HDLC', new Uint8Array(3), LINKTYPE_C_HDLC, Reason.linkHeader],
    ['cut netfilter log', new Uint8Array(3), LINKTYPE_NFLOG, Reason.linkHeader],
    ['PPP link control', new Uint8Array([0xc0, 0x21, 1, 1, 0, 4]), LINKTYPE_PPP, Reason.notIp],
    ['PPPoE discovery', new Uint8Array([0x11, 9, 0, 0, 0, 0, 0, 0]), LINKTYPE_PPP_ETHER, Reason.notIp],
    ['PPPoE of another version', new Uint8Array([0x21, 0, 0, 0, 0, 0]), LINKTYPE_PPP_ETHER, Reason.notIp],
    ['Cisco keepalive', new Uint8Array([0x8f, 0, 0x80, 0x35]), LINKTYPE_C_HDLC, Reason.notIp],
    ['spanning tree', ethernet(spanningTree, { etherType: 38 }), LINKTYPE_ETHERNET, Reason.notIp],
    ['cut LLC', ethernet(new Uint8Array(7), { etherType: 7 }), LINKTYPE_ETHERNET, Reason.linkHeader],
    ['SNAP of Cisco', ethernet(ciscoSnap, { etherType: 38 }), LINKTYPE_ETHERNET, Reason.notIp],
    ['cut MPLS', ethernet(new Uint8Array(3), { etherType: 0x8847 }), LINKTYPE_ETHERNET, Reason.linkHeader],
    ['nine MPLS labels', ethernet(nineLabels, { etherType: 0x8847 }), LINKTYPE_ETHERNET, Reason.linkDepth],
    ['pseudowire', ethernet(pseudowire, { etherType: 0x8847 }), LINKTYPE_ETHERNET, Reason.notIp],
    ['five VLAN tags', ethernet(fiveTags, { etherType: 0x8100 }), LINKTYPE_ETHERNET, Reason.linkDepth],
    ['ARP', ethernet(new Uint8Array(28), { etherType: 0x0806 }), LINKTYPE_ETHERNET, Reason.notIp],
    [
      'IPv6 behind the EtherType of IPv4',
      ethernet(tcpPacket({ ...V6, ...SYN_111 }), { etherType: 0x0800 }),
      LINKTYPE_ETHERNET,
      Reason.ipVersion,
    ],
    [
      'cut IPv4 header',
      ethernet(tcpPacket({ ...V4, ...SYN_111 }).slice(0, 19)),
      LINKTYPE_ETHERNET,
      Reason.ipHeader,
    ],
    ['IPv4 header length below 5', ethernet(shortHeader), LINKTYPE_ETHERNET, Reason.ipLength],
    [
      'total length beyond the frame',
      ethernet(tcpPacket({ ...V4, ...SYN_111 }, { totalLength: 41 })),
      LINKTYPE_ETHERNET,
      Reason.ipLength,
    ],
    [
      'total length below the header',
      ethernet(tcpPacket({ ...V4, ...SYN_111 }, { totalLength: 19 })),
      LINKTYPE_ETHERNET,
      Reason.ipLength,
    ],
    [
      'extension header beyond the payload',
      ethernet(ipv6(V6, 0, extension(6, new Uint8Array()).fill(9, 1, 2))),
      LINKTYPE_ETHERNET,
      Reason.ipLength,
    ],
    ['later fragment', ethernet(ipv4(V4, 6, tcp, { fragmentOffset: 8 })), LINKTYPE_ETHERNET, Reason.fragment],
    ['IGMP', ethernet(ipv4(V4, 2, new Uint8Array(8))), LINKTYPE_ETHERNET, Reason.otherProtocol],
    ['ICMP of 3 octets', ethernet(ipv4(V4, 1, new Uint8Array(3))), LINKTYPE_ETHERNET, Reason.transportHeader],
    ['ESP', ethernet(ipv6(V6, 50, new Uint8Array(40))), LINKTYPE_ETHERNET, Reason.otherProtocol],
    ['no next header', ethernet(ipv6(V6, 60, extension(59, tcp))), LINKTYPE_ETHERNET, Reason.otherProtocol],
    ['TCP of 19 octets', ethernet(ipv4(V4, 6, tcp.slice(0, 19))), LINKTYPE_ETHERNET, Reason.transportHeader],
    [
      'UDP of 7 octets',
      ethernet(ipv4(V4, 17, shortUdp.slice(0, 7))),
      LINKTYPE_ETHERNET,
      Reason.transportHeader,
    ],
    ['data offset below 5', ethernet(ipv4(V4, 6, shortOffset)), LINKTYPE_ETHERNET, Reason.transportLength],
    [
      'data offset beyond the segment',
      ethernet(ipv4(V4, 6, longOffset)),
      LINKTYPE_ETHERNET,
      Reason.transportLength,
    ],
    ['UDP length 0 over IPv4', ethernet(ipv4(V4, 17, zeroUdp)), LINKTYPE_ETHERNET, Reason.transportLength],
    ['UDP length below 8', ethernet(ipv4(V4, 17, shortUdp)), LINKTYPE_ETHERNET, Reason.transportLength],
    [
      'UDP length beyond the datagram',
      ethernet(ipv4(V4, 17, longUdp)),
      LINKTYPE_ETHERNET,
      Reason.transportLength,
    ],
    [
      'mapped address in IPv6',
      ethernet(ipv6({ source: '10.0.0.1', destination: 'fd00::2' }, 6, tcp)),
      LINKTYPE_ETHERNET,
      Reason.mappedAddress,
    ],
  ])('%s', (_name, frame, linkType, reason) => {
    expect(decoded(frame, linkType).reason).toBe(reason);
  });
});

describe('checksums', () => {
  const right = { ...V4, ...SYN_111 };
  test.each<[string, Uint8Array, number]>([
    ['TCP, right', tcpPacket(right), Reason.none],
    ['TCP, wrong', tcpPacket({ ...right, checksum: 0x1234 }), Reason.transportChecksum],
    ['TCP, left to the network card', tcpPacket({ ...right, checksum: 'pseudo' }), Reason.none],
    ['TCP over IPv6, wrong', tcpPacket({ ...V6, ...SYN_111, checksum: 0x1234 }), Reason.transportChecksum],
    [
      'TCP over IPv6, left to the network card',
      tcpPacket({ ...V6, ...SYN_111, checksum: 'pseudo' }),
      Reason.none,
    ],
    ['TCP, odd length', tcpPacket({ ...right, payload: new Uint8Array([1, 2, 3]) }), Reason.none],
    ['UDP, wrong', udpPacket({ ...V4, destinationPort: 9, checksum: 0x1234 }), Reason.transportChecksum],
    ['UDP, none', udpPacket({ ...V4, destinationPort: 9, checksum: 0 }), Reason.none],
    ['UDP over IPv6, left to the card', udpPacket({ ...V6, destinationPort: 9, checksum: 0 }), Reason.none],
    ['TCP, left to the card', tcpPacket({ ...right, checksum: 0 }), Reason.none],
    ['IPv4 header, left to the card', tcpPacket(right, { checksum: 0 }), Reason.none],
    ['IPv4 header, wrong', tcpPacket(right, { checksum: 0x1234 }), Reason.ipChecksum],
  ])('%s', (_name, packet, reason) => {
    expect(decoded(ethernet(packet)).sums).toBe(reason);
  });

  test.each<[string, Uint8Array, Reason]>([
    [
      'UDP over IPv4: the sender made none',
      udpPacket({ ...V4, destinationPort: 9, checksum: 0 }),
      Reason.none,
    ],
    ['UDP over IPv6', udpPacket({ ...V6, destinationPort: 9, checksum: 0 }), Reason.transportChecksum],
    ['TCP', tcpPacket({ ...right, checksum: 0 }), Reason.transportChecksum],
    ['IPv4 header', tcpPacket(right, { checksum: 0 }), Reason.ipChecksum],
  ])('a checksum of 0 in a packet that came in, %s', (_name, packet, reason) => {
    expect(decoded(ethernet(packet), LINKTYPE_ETHERNET, undefined, 'received').sums).toBe(reason);
  });

  test('a cut packet is not checked, and decodes as far as the ports', () => {
    const frame = ethernet(
      tcpPacket({ ...right, flags: FIN, checksum: 0x1234, payload: new Uint8Array(100) }),
    );
    const cut = decoded(frame.slice(0, 14 + 20 + 16), LINKTYPE_ETHERNET, frame.length);
    expect(cut.reason).toBe(Reason.none);
    expect(cut.sums).toBe(Reason.none);
    expect(cut.packet.tcpFlags).toBe(FIN);
  });

  test('a first fragment is not checked: the rest of the segment is elsewhere', () => {
    const frame = ethernet(
      tcpPacket({ ...right, flags: ACK | PSH, checksum: 0x1234 }, { moreFragments: true }),
    );
    expect(decoded(frame).sums).toBe(Reason.none);
  });
});

test("after segmentation offload the total length is 0, and the frame's length counts", () => {
  const frame = ethernet(tcpPacket({ ...V4, ...SYN_111 }, { totalLength: 0 }));
  expect(decoded(frame).reason).toBe(Reason.none);
});

test('octets outside the frame in a larger buffer are not read', () => {
  const packet = ipPacket(V4, 6, tcpSegment({ ...V4, ...SYN_111 }));
  const padded = concat(u16(0xffff), ethernet(packet), u16(0xffff));
  const view = new DataView(padded.buffer);
  const result = new Packet();
  expect(decodeFrame(view, 2, padded.length - 4, padded.length - 4, LINKTYPE_ETHERNET, result)).toBe(
    Reason.none,
  );
  expect(decodeFrame(view, 2, padded.length - 5, padded.length - 5, LINKTYPE_ETHERNET, result)).toBe(
    Reason.ipLength,
  );
});
