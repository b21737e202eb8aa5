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
import { verifyChecksums } from '../../src/decode/checksum.ts';
import { decodeFrame } from '../../src/decode/frame.ts';
import { Packet } from '../../src/decode/packet.ts';
import { Reason } from '../../src/decode/reason.ts';
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

const V4 = { source: '10.0.0.1', destination: '10.0.0.2' };
const V6 = { source: 'fd00::1', destination: 'fd00::2' };
const SYN_111 = { destinationPort: 111, sourcePort: 41302, flags: SYN };
const LINKTYPE_UNKNOWN = 147;

function decode(frame: Uint8Array, linkType = LINKTYPE_ETHERNET, wireLength = frame.length) {
  const packet = new Packet();
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const reason = decodeFrame(view, 0, frame.length, wireLength, linkType, packet);
  return { reason, packet, sums: reason === Reason.none ? verifyChecksums(view, packet) : reason };
}

function seen(packet: Packet) {
  return {
    source: packet.source.toString(),
    destination: packet.destination.toString(),
    ports: [packet.sourcePort, packet.destinationPort],
    flags: packet.tcpFlags,
  };
}

const SYN_V4 = { source: '10.0.0.1', destination: '10.0.0.2', ports: [41302, 111], flags: SYN };
const SYN_V6 = { source: 'fd00::1', destination: 'fd00::2', ports: [41302, 111], flags: SYN };

describe('every link type and wrapping leads to the same packet', () => {
  const v4 = tcpPacket({ ...V4, ...SYN_111 });
  const v6 = tcpPacket({ ...V6, ...SYN_111 });
  test.each<[string, Uint8Array, number, typeof SYN_V4]>([
    ['Ethernet, IPv4', ethernet(v4), LINKTYPE_ETHERNET, SYN_V4],
    ['Ethernet, IPv6', ethernet(v6), LINKTYPE_ETHERNET, SYN_V6],
    ['padded Ethernet', concat(ethernet(v4), new Uint8Array(6)), LINKTYPE_ETHERNET, SYN_V4],
    ['802.1Q', ethernet(vlanTag(7, v4), { etherType: 0x8100 }), LINKTYPE_ETHERNET, SYN_V4],
    ['QinQ', ethernet(vlanTag(7, vlanTag(8, v6), 0x8100), { etherType: 0x88a8 }), LINKTYPE_ETHERNET, SYN_V6],
    ['Linux cooked', sll(v4), LINKTYPE_LINUX_SLL, SYN_V4],
    ['Linux cooked, IPv6', sll(v6), LINKTYPE_LINUX_SLL, SYN_V6],
    ['raw', v4, LINKTYPE_RAW, SYN_V4],
    ['raw, IPv6', v6, LINKTYPE_RAW, SYN_V6],
    ['LINKTYPE_IPV4', v4, LINKTYPE_IPV4, SYN_V4],
    ['LINKTYPE_IPV6', v6, LINKTYPE_IPV6, SYN_V6],
    ['BSD loopback', concat(new Uint8Array([2, 0, 0, 0]), v4), LINKTYPE_NULL, SYN_V4],
    ['OpenBSD loopback', concat(new Uint8Array([0, 0, 0, 24]), v6), LINKTYPE_LOOP, SYN_V6],
    [
      'IPv4 options',
      ethernet(tcpPacket({ ...V4, ...SYN_111 }, { options: new Uint8Array(8) })),
      LINKTYPE_ETHERNET,
      SYN_V4,
    ],
    [
      'hop-by-hop',
      ethernet(ipv6(V6, 0, extension(6, tcpSegment({ ...V6, ...SYN_111 }), 1))),
      LINKTYPE_ETHERNET,
      SYN_V6,
    ],
    [
      'routing and destination options',
      ethernet(ipv6(V6, 43, extension(60, extension(6, tcpSegment({ ...V6, ...SYN_111 }))))),
      LINKTYPE_ETHERNET,
      SYN_V6,
    ],
    [
      'atomic fragment (RFC 6946)',
      ethernet(ipv6(V6, 44, extension(6, tcpSegment({ ...V6, ...SYN_111 })))),
      LINKTYPE_ETHERNET,
      SYN_V6,
    ],
  ])('%s', (_name, frame, linkType, expected) => {
    const { reason, packet, sums } = decode(frame, linkType);
    expect(reason).toBe(Reason.none);
    expect(sums).toBe(Reason.none);
    expect(seen(packet)).toEqual(expected);
  });
});

test('marks: IP options, fragments, group addresses of the link', () => {
  expect(decode(ethernet(tcpPacket({ ...V4, ...SYN_111 }))).packet).toMatchObject({
    ipOptions: false,
    fragmented: false,
    linkGroup: false,
  });
  expect(
    decode(ethernet(tcpPacket({ ...V4, ...SYN_111 }, { options: new Uint8Array(4) }))).packet.ipOptions,
  ).toBe(true);
  expect(
    decode(ethernet(ipv6(V6, 60, extension(17, udpDatagram({ ...V6, destinationPort: 9 }))))).packet
      .ipOptions,
  ).toBe(true);
  expect(decode(ethernet(tcpPacket({ ...V4, ...SYN_111 }, { moreFragments: true }))).packet.fragmented).toBe(
    true,
  );
  expect(
    decode(ethernet(udpPacket({ ...V4, destinationPort: 9 }), { destination: 'ff:ff:ff:ff:ff:ff' })).packet
      .linkGroup,
  ).toBe(true);
  expect(decode(sll(udpPacket({ ...V4, destinationPort: 9 }), 2), LINKTYPE_LINUX_SLL).packet.linkGroup).toBe(
    true,
  );
});

test('ECE and CWR do not count', () => {
  expect(decode(ethernet(tcpPacket({ ...V4, ...SYN_111, flags: SYN | 0xc0 }))).packet.tcpFlags).toBe(SYN);
});

describe('what cannot be decoded has a reason', () => {
  const tcp = tcpSegment({ ...V4, ...SYN_111 });
  const shortOffset = tcp.slice();
  shortOffset[12] = 4 << 4;
  const longOffset = tcp.slice();
  longOffset[12] = 15 << 4;
  const shortUdp = udpDatagram({ ...V4, destinationPort: 9 });
  shortUdp[5] = 7;
  const longUdp = udpDatagram({ ...V4, destinationPort: 9 });
  longUdp[5] = 200;
  const shortHeader = tcpPacket({ ...V4, ...SYN_111 });
  shortHeader[0] = 0x44;
  const seventeen = Array.from({ length: 17 }).reduce<Uint8Array>((payload) => extension(60, payload), tcp);
  const fiveTags = Array.from({ length: 4 }).reduce<Uint8Array>(
    (payload) => vlanTag(1, payload, 0x8100),
    vlanTag(1, tcpPacket({ ...V4, ...SYN_111 })),
  );
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
    ['17 extension headers', ethernet(ipv6(V6, 60, seventeen)), LINKTYPE_ETHERNET, Reason.ipv6Extensions],
    [
      'extension header beyond the payload',
      ethernet(ipv6(V6, 0, extension(6, new Uint8Array()).fill(9, 1, 2))),
      LINKTYPE_ETHERNET,
      Reason.ipLength,
    ],
    ['later fragment', ethernet(ipv4(V4, 6, tcp, { fragmentOffset: 8 })), LINKTYPE_ETHERNET, Reason.fragment],
    ['ICMP', ethernet(ipv4(V4, 1, new Uint8Array(8))), LINKTYPE_ETHERNET, Reason.otherProtocol],
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
    expect(decode(frame, linkType).reason).toBe(reason);
  });
});

describe('checksums', () => {
  const right = { ...V4, ...SYN_111 };
  test.each<[string, Uint8Array, number]>([
    ['TCP, right', tcpPacket(right), Reason.none],
    ['TCP, wrong', tcpPacket({ ...right, checksum: 0x1234 }), Reason.transportChecksum],
    ['TCP, left to the card', tcpPacket({ ...right, checksum: 'pseudo' }), Reason.none],
    ['TCP over IPv6, wrong', tcpPacket({ ...V6, ...SYN_111, checksum: 0x1234 }), Reason.transportChecksum],
    ['TCP over IPv6, left to the card', tcpPacket({ ...V6, ...SYN_111, checksum: 'pseudo' }), Reason.none],
    ['TCP, odd length', tcpPacket({ ...right, payload: new Uint8Array([1, 2, 3]) }), Reason.none],
    ['UDP, wrong', udpPacket({ ...V4, destinationPort: 9, checksum: 0x1234 }), Reason.transportChecksum],
    ['UDP, none', udpPacket({ ...V4, destinationPort: 9, checksum: 0 }), Reason.none],
    ['UDP over IPv6, none', udpPacket({ ...V6, destinationPort: 9, checksum: 0 }), Reason.transportChecksum],
    ['IPv4 header, wrong', tcpPacket(right, { checksum: 0x1234 }), Reason.ipChecksum],
  ])('%s', (_name, packet, reason) => {
    expect(decode(ethernet(packet)).sums).toBe(reason);
  });

  test('a cut packet is not checked, and decodes as far as the ports', () => {
    const frame = ethernet(
      tcpPacket({ ...right, flags: FIN, checksum: 0x1234, payload: new Uint8Array(100) }),
    );
    const cut = decode(frame.slice(0, 14 + 20 + 16), LINKTYPE_ETHERNET, frame.length);
    expect(cut.reason).toBe(Reason.none);
    expect(cut.sums).toBe(Reason.none);
    expect(cut.packet.tcpFlags).toBe(FIN);
  });

  test('a first fragment is not checked: the rest of the segment is elsewhere', () => {
    const frame = ethernet(
      tcpPacket({ ...right, flags: ACK | PSH, checksum: 0x1234 }, { moreFragments: true }),
    );
    expect(decode(frame).sums).toBe(Reason.none);
  });
});

test('segmentation offload leaves the total length at 0: the frame is as long as it is', () => {
  const frame = ethernet(tcpPacket({ ...V4, ...SYN_111 }, { totalLength: 0 }));
  expect(decode(frame).reason).toBe(Reason.none);
});

test('octets around the frame in a larger buffer are not read', () => {
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
