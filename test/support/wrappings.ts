/**
 * All ways in which an IP packet reaches a decoder: link types, wrappings on a link, options in its own header, tunnels. A
 * new one is a line in the table; its tests, its properties and the comparison with tshark follow from that.
 */
import {
  concat,
  ethernet,
  etherTypeOf,
  internetSum,
  ipPacket,
  sll,
  u16,
  udpPacket,
  vlanTag,
} from './frames.ts';

/** One way in which an IP packet reaches a decoder. */
export interface Wrapping {
  readonly name: string;
  /** As a file may have it: not always canonical. */
  readonly linkType: number;
  readonly wrap: (packet: Uint8Array) => Uint8Array;
  /** The only family of packets that it can hold. By default both. */
  readonly only?: 4 | 6;
  /** The packet has IP options, or extension headers that count as options over IPv6. */
  readonly ipOptions?: true;
  /** The host that captures is big-endian, and so is its file. */
  readonly bigEndian?: true;
  /** tshark stops at a mobility header, which the RFCs let nothing follow (RFC 6275, section 6.1.1). */
  readonly beyondTshark?: true;
}

const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const AUTHENTICATION = 51;
const DESTINATION_OPTIONS = 60;
const MOBILITY = 135;

const ALL_EXTENSIONS = [HOP_BY_HOP, DESTINATION_OPTIONS, ROUTING, FRAGMENT, AUTHENTICATION, MOBILITY];
const FORTY_EXTENSIONS = Array.from({ length: 40 }, () => DESTINATION_OPTIONS);

/** The ends of tunnels. */
const OUTER_V4 = { source: '192.0.2.1', destination: '192.0.2.2' };
const OUTER_V6 = { source: '2001:db8::1', destination: '2001:db8::2' };

const WITH_ORIGIN = Uint8Array.of(0, 0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66);
/** Client identifier of 2 octets, authentication value of 3, nonce, confirmation. */
const WITH_AUTHENTICATION = Uint8Array.of(0, 1, 2, 3, 9, 9, 7, 7, 7, 1, 2, 3, 4, 5, 6, 7, 8, 0);

// biome-ignore format: one line each
export const WRAPPINGS: readonly Wrapping[] = [
  { name: 'Ethernet', linkType: 1, wrap: ethernet },
  { name: 'Ethernet, padded', linkType: 1, wrap: (packet) => concat(ethernet(packet), new Uint8Array(6)) },
  { name: '802.1Q', linkType: 1, wrap: (packet) => tagged(packet, 0x8100) },
  { name: '802.1ad', linkType: 1, wrap: (packet) => tagged(packet, 0x88a8, 0x8100) },
  { name: 'QinQ by its old number', linkType: 1, wrap: (packet) => tagged(packet, 0x9100, 0x8100) },
  { name: 'four VLAN tags', linkType: 1, wrap: (packet) => tagged(packet, 0x88a8, 0x8100, 0x8100, 0x8100) },
  { name: 'PPPoE', linkType: 1, wrap: (packet) => ethernet(pppoe(packet), { etherType: 0x8864 }) },
  { name: 'PPPoE on a VLAN', linkType: 1, wrap: (packet) => taggedAs(0x8864, pppoe(packet), 0x8100) },
  { name: 'MPLS', linkType: 1, wrap: (packet) => ethernet(mpls(packet, 1), { etherType: 0x8847 }) },
  { name: 'MPLS, eight labels', linkType: 1, wrap: (packet) => ethernet(mpls(packet, 8), { etherType: 0x8847 }) },
  { name: 'MPLS, upstream label', linkType: 1, wrap: (packet) => ethernet(mpls(packet, 1), { etherType: 0x8848 }) },
  { name: 'MPLS on a VLAN', linkType: 1, wrap: (packet) => taggedAs(0x8847, mpls(packet, 2), 0x8100) },
  { name: '802.3 with SNAP', linkType: 1, wrap: (packet) => ethernet(snap(packet), { etherType: packet.length + 8 }) },
  { name: '802.3 with SNAP on a VLAN', linkType: 1, wrap: (packet) => taggedAs(packet.length + 8, snap(packet), 0x8100) },
  { name: 'BSD loopback', linkType: 0, wrap: (packet) => concat(family(packet, 30), packet) },
  { name: 'BSD loopback, big-endian', linkType: 0, wrap: (packet) => concat(family(packet, 24).reverse(), packet) },
  { name: 'OpenBSD loopback', linkType: 108, wrap: (packet) => concat(family(packet, 24).reverse(), packet) },
  { name: 'raw IP', linkType: 101, wrap: (packet) => packet },
  { name: 'raw IP, as 12', linkType: 12, wrap: (packet) => packet },
  { name: 'raw IP, as 14', linkType: 14, wrap: (packet) => packet },
  { name: 'raw IPv4', linkType: 228, only: 4, wrap: (packet) => packet },
  { name: 'raw IPv6', linkType: 229, only: 6, wrap: (packet) => packet },
  { name: 'Linux cooked', linkType: 113, wrap: (packet) => sll(packet) },
  { name: 'Linux cooked, sent', linkType: 113, wrap: (packet) => sll(packet, 4) },
  { name: 'Linux cooked, version 2', linkType: 276, wrap: (packet) => sll2(packet) },
  { name: 'Linux cooked, version 2, VLAN', linkType: 276, wrap: (packet) => sll2(vlanTag(7, packet), 0x8100) },
  { name: 'PPP', linkType: 9, wrap: (packet) => ppp(packet) },
  { name: 'PPP, HDLC-like', linkType: 9, wrap: (packet) => concat(u16(0xff03), ppp(packet)) },
  { name: 'PPP, HDLC-like, protocol compressed', linkType: 9, wrap: (packet) => concat(u16(0xff03), ppp(packet).slice(1)) },
  { name: 'PPP, all compressed', linkType: 9, wrap: (packet) => ppp(packet).slice(1) },
  { name: 'PPP on a serial line', linkType: 50, wrap: (packet) => concat(u16(0xff03), ppp(packet)) },
  { name: 'Cisco HDLC as PPP', linkType: 50, wrap: (packet) => concat(u16(0x0f00), u16(etherTypeOf(packet)), packet) },
  { name: 'PPPoE without Ethernet', linkType: 51, wrap: pppoe },
  { name: 'Cisco HDLC', linkType: 104, wrap: (packet) => concat(u16(0x0f00), u16(etherTypeOf(packet)), packet) },
  { name: 'Cisco HDLC, multicast', linkType: 104, wrap: (packet) => concat(u16(0x8f00), u16(etherTypeOf(packet)), packet) },
  { name: 'netfilter log', linkType: 239, wrap: (packet) => nflog(packet, true) },
  { name: 'netfilter log, big-endian', linkType: 239, bigEndian: true, wrap: (packet) => nflog(packet, false) },

  { name: 'IPv4 options', linkType: 1, only: 4, ipOptions: true, wrap: (packet) => ethernet(withOptions(packet, 8)) },
  { name: 'all the IPv4 options there can be', linkType: 1, only: 4, ipOptions: true, wrap: (packet) => ethernet(withOptions(packet, 40)) },
  { name: 'hop-by-hop', linkType: 1, only: 6, ipOptions: true, wrap: (packet) => ethernet(withExtensions(packet, [HOP_BY_HOP])) },
  { name: 'routing', linkType: 1, only: 6, ipOptions: true, wrap: (packet) => ethernet(withExtensions(packet, [ROUTING])) },
  { name: 'atomic fragment (RFC 6946)', linkType: 1, only: 6, wrap: (packet) => ethernet(withExtensions(packet, [FRAGMENT])) },
  { name: 'authentication', linkType: 1, only: 6, wrap: (packet) => ethernet(withExtensions(packet, [AUTHENTICATION])) },
  { name: 'destination options', linkType: 1, only: 6, ipOptions: true, wrap: (packet) => ethernet(withExtensions(packet, [DESTINATION_OPTIONS])) },
  { name: 'five IPv6 extensions', linkType: 1, only: 6, ipOptions: true, wrap: (packet) => ethernet(withExtensions(packet, ALL_EXTENSIONS.slice(0, 5))) },
  { name: 'mobility', linkType: 1, only: 6, ipOptions: true, beyondTshark: true, wrap: (packet) => ethernet(withExtensions(packet, [MOBILITY])) },
  { name: 'every IPv6 extension', linkType: 1, only: 6, ipOptions: true, beyondTshark: true, wrap: (packet) => ethernet(withExtensions(packet, ALL_EXTENSIONS)) },
  { name: 'every IPv6 extension, backwards', linkType: 1, only: 6, ipOptions: true, beyondTshark: true, wrap: (packet) => ethernet(withExtensions(packet, ALL_EXTENSIONS.toReversed())) },
  { name: 'forty IPv6 extensions', linkType: 1, only: 6, ipOptions: true, wrap: (packet) => ethernet(withExtensions(packet, FORTY_EXTENSIONS)) },

  { name: '4in4 or 6in4', linkType: 1, wrap: (packet) => ethernet(ipPacket(OUTER_V4, protocolOf(packet), packet)) },
  { name: '4in6 or 6in6', linkType: 1, wrap: (packet) => ethernet(ipPacket(OUTER_V6, protocolOf(packet), packet)) },
  { name: 'a tunnel behind IPv6 extensions', linkType: 1, wrap: (packet) => ethernet(withExtensions(ipPacket(OUTER_V6, protocolOf(packet), packet), [DESTINATION_OPTIONS])) },
  { name: 'a tunnel on raw IP', linkType: 101, wrap: (packet) => ipPacket(OUTER_V4, protocolOf(packet), packet) },
  { name: 'a tunnel in padded Ethernet', linkType: 1, wrap: (packet) => concat(ethernet(ipPacket(OUTER_V4, protocolOf(packet), packet)), new Uint8Array(6)) },
  { name: 'GRE', linkType: 1, wrap: (packet) => ethernet(ipPacket(OUTER_V4, 47, gre(packet, 0))) },
  { name: 'GRE with a key', linkType: 1, wrap: (packet) => ethernet(ipPacket(OUTER_V4, 47, gre(packet, 0x2000))) },
  { name: 'GRE with checksum, key and sequence number', linkType: 1, wrap: (packet) => ethernet(ipPacket(OUTER_V4, 47, gre(packet, 0xb000))) },
  { name: 'GRE over IPv6', linkType: 1, wrap: (packet) => ethernet(ipPacket(OUTER_V6, 47, gre(packet, 0x1000))) },
  { name: 'Teredo', linkType: 1, only: 6, wrap: (packet) => ethernet(teredo(packet)) },
  { name: 'Teredo with origin', linkType: 1, only: 6, wrap: (packet) => ethernet(teredo(concat(WITH_ORIGIN, packet))) },
  { name: 'Teredo with authentication and origin', linkType: 1, only: 6, wrap: (packet) => ethernet(teredo(concat(WITH_AUTHENTICATION, WITH_ORIGIN, packet))) },
];

/** Whether the wrapping can hold a packet of this family. */
export function holds({ only }: Wrapping, packet: Uint8Array): boolean {
  return only === undefined || only === versionOf(packet);
}

/** VLAN tags around a packet, the outermost first. */
function tagged(packet: Uint8Array, ...types: number[]): Uint8Array {
  return taggedAs(etherTypeOf(packet), packet, ...types);
}

function taggedAs(etherType: number, payload: Uint8Array, ...types: number[]): Uint8Array {
  let type = etherType;
  let tagged = payload;
  for (const outer of types.toReversed()) {
    tagged = vlanTag(7, tagged, type);
    type = outer;
  }
  return ethernet(tagged, { etherType: type });
}

function pppoe(packet: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(0x11, 0), u16(0x1234), u16(packet.length + 2), ppp(packet));
}

function ppp(packet: Uint8Array): Uint8Array {
  return concat(u16(versionOf(packet) === 4 ? 0x0021 : 0x0057), packet);
}

function mpls(packet: Uint8Array, labels: number): Uint8Array {
  const entry = (index: number) => Uint8Array.of(0, 1, index === labels - 1 ? 0x01 : 0x00, 64);
  return concat(...Array.from({ length: labels }, (_, index) => entry(index)), packet);
}

function snap(packet: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(0xaa, 0xaa, 0x03, 0, 0, 0), u16(etherTypeOf(packet)), packet);
}

/** The address family, little-endian. IPv6 has another number on each system. */
function family(packet: Uint8Array, ipv6: number): Uint8Array {
  return Uint8Array.of(versionOf(packet) === 4 ? 2 : ipv6, 0, 0, 0);
}

/** A Linux cooked frame, version 2. */
export function sll2(payload: Uint8Array, protocol = etherTypeOf(payload), packetType = 0): Uint8Array {
  const rest = concat(new Uint8Array(2), new Uint8Array(4), u16(1), Uint8Array.of(packetType, 6));
  return concat(u16(protocol), rest, new Uint8Array(8), payload);
}

/** A netfilter log frame: packet header, prefix, payload. */
export function nflog(packet: Uint8Array, little: boolean): Uint8Array {
  const number = (value: number) => (little ? u16(value).reverse() : u16(value));
  const tlv = (type: number, value: Uint8Array) => {
    const padding = new Uint8Array((4 - (value.length % 4)) % 4);
    return concat(number(value.length + 4), number(type), value, padding);
  };
  const header = Uint8Array.of(versionOf(packet) === 4 ? 2 : 10, 0, 0, 0);
  const packetHeader = concat(u16(etherTypeOf(packet)), Uint8Array.of(1, 0));
  return concat(header, tlv(1, packetHeader), tlv(10, Uint8Array.of(0x61, 0)), tlv(9, packet));
}

/** An IPv4 packet with this many octets of no-operation options. */
function withOptions(packet: Uint8Array, length: number): Uint8Array {
  const longer = concat(packet.slice(0, 20), new Uint8Array(length).fill(1), packet.slice(20));
  const view = new DataView(longer.buffer);
  view.setUint8(0, 0x40 | ((20 + length) / 4));
  view.setUint16(2, longer.length);
  view.setUint16(10, 0);
  view.setUint16(10, ~internetSum(longer.subarray(0, 20 + length)) & 0xffff);
  return longer;
}

/** An IPv6 packet with these extension headers before its payload. */
export function withExtensions(packet: Uint8Array, types: readonly number[]): Uint8Array {
  const after = [...types.slice(1), packet[6] ?? 0];
  const headers = types.map((type, index) => extensionHeader(type, after[index] ?? 0));
  const longer = concat(packet.slice(0, 40), ...headers, packet.slice(40));
  const view = new DataView(longer.buffer);
  view.setUint16(4, longer.length - 40);
  view.setUint8(6, types[0] ?? 0);
  return longer;
}

function extensionHeader(type: number, next: number): Uint8Array {
  switch (type) {
    case HOP_BY_HOP:
    case DESTINATION_OPTIONS:
      return Uint8Array.of(next, 0, 1, 4, 0, 0, 0, 0);
    case AUTHENTICATION:
      return concat(Uint8Array.of(next, 4, 0, 0), new Uint8Array(20).fill(7));
    default:
      return Uint8Array.of(next, 0, 0, 0, 0, 0, 0, 0);
  }
}

/** A GRE header with the fields that the flags announce, and the packet. */
export function gre(packet: Uint8Array, flags: number, etherType = etherTypeOf(packet)): Uint8Array {
  const fields = [0x8000, 0x2000, 0x1000].filter((flag) => (flags & flag) !== 0).map(() => new Uint8Array(4));
  const whole = concat(u16(flags), u16(etherType), ...fields, packet);
  if ((flags & 0x8000) !== 0) new DataView(whole.buffer).setUint16(4, ~internetSum(whole) & 0xffff);
  return whole;
}

/** A datagram to the Teredo port. */
export function teredo(payload: Uint8Array): Uint8Array {
  return udpPacket({ ...OUTER_V4, sourcePort: 50_000, destinationPort: 3544, payload });
}

/** The protocol that announces a packet of this family within another. */
function protocolOf(packet: Uint8Array): number {
  return versionOf(packet) === 4 ? 4 : 41;
}

function versionOf(packet: Uint8Array): number {
  return (packet[0] ?? 0) >> 4;
}
