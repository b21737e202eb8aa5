/**
 * Builds packets for tests. Each layer is a function from its payload to octets. Checksums are right unless a test says
 * otherwise.
 */
import { parseAddress } from '../../src/net/address.ts';

/** The control bits of a TCP header (RFC 9293, section 3.1). */
export const FIN = 0x01;
export const SYN = 0x02;
export const RST = 0x04;
export const PSH = 0x08;
export const ACK = 0x10;
export const URG = 0x20;

/** The addresses of a packet, both of one family. */
export interface Ends {
  source: string;
  destination: string;
}

/** The fields of a TCP segment. */
export interface TcpFields extends Ends {
  sourcePort?: number;
  destinationPort: number;
  flags: number;
  sequence?: number;
  window?: number;
  payload?: Uint8Array;
  /** `pseudo`: only the sum of the pseudo-header, as offload leaves it. A number is written as it is. */
  checksum?: 'right' | 'pseudo' | number;
}

/** The fields of a UDP datagram. */
export interface UdpFields extends Ends {
  sourcePort?: number;
  destinationPort: number;
  payload?: Uint8Array;
  /** A wrong length field. */
  length?: number;
  checksum?: 'right' | 'pseudo' | number;
}

/** The fields of an SCTP packet of one chunk. */
export interface SctpFields extends Ends {
  sourcePort?: number;
  destinationPort: number;
  chunkType: number;
  /** Octets behind the header of the chunk. nmap's INIT has 16. */
  value?: Uint8Array;
  checksum?: 'right' | number;
}

/** The fields of an IPv4 header that a test may change. */
export interface IpFields {
  identification?: number;
  /** Octets of options, a multiple of 4. */
  options?: Uint8Array;
  /** Fragment offset in octets, and whether more follow. */
  fragmentOffset?: number;
  moreFragments?: boolean;
  totalLength?: number;
  ttl?: number;
  checksum?: number;
}

/** A TCP segment in its IP packet, of the family of its addresses. */
export function tcpPacket(fields: TcpFields, ip: IpFields = {}): Uint8Array {
  return ipPacket(fields, 6, tcpSegment(fields), ip);
}

/** A UDP datagram in its IP packet. */
export function udpPacket(fields: UdpFields, ip: IpFields = {}): Uint8Array {
  return ipPacket(fields, 17, udpDatagram(fields), ip);
}

/** An SCTP packet of one chunk in its IP packet. */
export function sctpPacket(fields: SctpFields, ip: IpFields = {}): Uint8Array {
  return ipPacket(fields, 132, sctpSegment(fields), ip);
}

/** An ARP packet (RFC 826); operation 1 asks for an address. */
export function arpPacket(sender: string, target: string, operation = 1): Uint8Array {
  const packet = new Uint8Array(28);
  packet.set([0, 1, 0x08, 0x00, 6, 4, 0, operation]);
  packet.set(sender.split('.').map(Number), 14);
  packet.set(target.split('.').map(Number), 24);
  return packet;
}

/** An ICMP message without a body in its IP packet, of the family of its addresses. */
export function icmpPacket(ends: Ends, type: number, ip: IpFields = {}): Uint8Array {
  const protocol = isV6(ends) ? 58 : 1;
  const message = new Uint8Array([type, 0, 0, 0, 0, 0, 0, 0]);
  const sum = isV6(ends) ? transportSum(ends, 58, message, 'right') : complement(internetSum(message));
  message.set(u16(sum), 2);
  return ipPacket(ends, protocol, message, ip);
}

/** An IP packet, of the family of its addresses. */
export function ipPacket(ends: Ends, protocol: number, payload: Uint8Array, ip: IpFields = {}): Uint8Array {
  return isV6(ends) ? ipv6(ends, protocol, payload) : ipv4(ends, protocol, payload, ip);
}

/** A TCP segment, without its IP header. */
export function tcpSegment(fields: TcpFields): Uint8Array {
  const { payload = new Uint8Array(), checksum = 'right' } = fields;
  const segment = new Uint8Array(20 + payload.length);
  const view = new DataView(segment.buffer);
  view.setUint16(0, fields.sourcePort ?? 40000);
  view.setUint16(2, fields.destinationPort);
  view.setUint32(4, fields.sequence ?? 1);
  view.setUint8(12, 5 << 4);
  view.setUint8(13, fields.flags);
  view.setUint16(14, fields.window ?? 1024);
  segment.set(payload, 20);
  view.setUint16(16, transportSum(fields, 6, segment, checksum));
  return segment;
}

/** A UDP datagram, without its IP header. */
export function udpDatagram(fields: UdpFields): Uint8Array {
  const { payload = new Uint8Array(), checksum = 'right' } = fields;
  const datagram = new Uint8Array(8 + payload.length);
  const view = new DataView(datagram.buffer);
  view.setUint16(0, fields.sourcePort ?? 40000);
  view.setUint16(2, fields.destinationPort);
  view.setUint16(4, fields.length ?? datagram.length);
  datagram.set(payload, 8);
  const sum = transportSum(fields, 17, datagram, checksum);
  view.setUint16(6, sum === 0 && checksum === 'right' ? 0xffff : sum);
  return datagram;
}

/** An SCTP packet of one chunk, without its IP header. */
export function sctpSegment(fields: SctpFields): Uint8Array {
  const { value = new Uint8Array(16), checksum = 'right' } = fields;
  const segment = new Uint8Array(16 + value.length);
  const view = new DataView(segment.buffer);
  view.setUint16(0, fields.sourcePort ?? 40000);
  view.setUint16(2, fields.destinationPort);
  view.setUint8(12, fields.chunkType);
  view.setUint16(14, 4 + value.length);
  segment.set(value, 16);
  view.setUint32(8, checksum === 'right' ? castagnoli(segment) : checksum, true);
  return segment;
}

/** CRC32c bit by bit. The octets of the sum itself must be 0. */
function castagnoli(octets: Uint8Array): number {
  let crc = 0xffffffff;
  for (const octet of octets) {
    crc ^= octet;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) !== 0 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

/** An IPv4 packet. */
export function ipv4(ends: Ends, protocol: number, payload: Uint8Array, ip: IpFields = {}): Uint8Array {
  const options = ip.options ?? new Uint8Array();
  const headerLength = 20 + options.length;
  const packet = new Uint8Array(headerLength + payload.length);
  const view = new DataView(packet.buffer);
  view.setUint8(0, 0x40 | (headerLength / 4));
  view.setUint16(2, ip.totalLength ?? packet.length);
  view.setUint16(4, ip.identification ?? 0x1234);
  view.setUint16(6, (ip.moreFragments ? 0x2000 : 0) | ((ip.fragmentOffset ?? 0) >> 3));
  view.setUint8(8, ip.ttl ?? 64);
  view.setUint8(9, protocol);
  packet.set(addressOctets(ends.source).slice(12), 12);
  packet.set(addressOctets(ends.destination).slice(12), 16);
  packet.set(options, 20);
  packet.set(payload, headerLength);
  view.setUint16(10, ip.checksum ?? complement(internetSum(packet.subarray(0, headerLength))));
  return packet;
}

/** An IPv6 packet without extension headers. */
export function ipv6(ends: Ends, nextHeader: number, payload: Uint8Array): Uint8Array {
  const packet = new Uint8Array(40 + payload.length);
  const view = new DataView(packet.buffer);
  view.setUint8(0, 0x60);
  view.setUint16(4, payload.length);
  view.setUint8(6, nextHeader);
  view.setUint8(7, 64);
  packet.set(addressOctets(ends.source), 8);
  packet.set(addressOctets(ends.destination), 24);
  packet.set(payload, 40);
  return packet;
}

/** An IPv6 extension header of 8 octets, and `units` times 8 more. */
export function extension(nextHeader: number, payload: Uint8Array, units = 0): Uint8Array {
  return concat(new Uint8Array([nextHeader, units]), new Uint8Array(6 + units * 8), payload);
}

/** The header of an Ethernet frame. */
export interface EthernetFields {
  destination?: string;
  source?: string;
  etherType?: number;
}

/** An Ethernet II frame. By default the EtherType is that of the IP packet. */
export function ethernet(payload: Uint8Array, fields: EthernetFields = {}): Uint8Array {
  const { destination = '02:00:00:00:00:02', source = '02:00:00:00:00:01' } = fields;
  const etherType = fields.etherType ?? etherTypeOf(payload);
  return concat(macOctets(destination), macOctets(source), u16(etherType), payload);
}

/** A tag and what follows it, for `ethernet` with the EtherType of the tag. */
export function vlanTag(id: number, payload: Uint8Array, etherType = etherTypeOf(payload)): Uint8Array {
  return concat(u16(id), u16(etherType), payload);
}

/** A Linux cooked frame, version 1. Packet type 0 is "to us", 1 broadcast, 4 sent by us. */
export function sll(payload: Uint8Array, packetType = 0): Uint8Array {
  return concat(u16(packetType), u16(1), u16(6), new Uint8Array(8), u16(etherTypeOf(payload)), payload);
}

/** Concatenates all parts. */
export function concat(...parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Two octets in network order. */
export function u16(value: number): Uint8Array {
  return new Uint8Array([value >> 8, value & 0xff]);
}

/** The EtherType of an IP packet, by its version. */
export function etherTypeOf(packet: Uint8Array): number {
  return (packet[0] ?? 0) >> 4 === 6 ? 0x86dd : 0x0800;
}

function isV6(ends: Ends): boolean {
  return ends.destination.includes(':');
}

function macOctets(mac: string): Uint8Array {
  return new Uint8Array(mac.split(':').map((octet) => Number.parseInt(octet, 16)));
}

/** All 16 octets, an IPv4 address in its mapped form. */
function addressOctets(text: string): Uint8Array {
  const address = parseAddress(text);
  if (address === null) throw new Error(`no address: ${text}`);
  const octets = new Uint8Array(16);
  const view = new DataView(octets.buffer);
  for (const [index, word] of [address.w0, address.w1, address.w2, address.w3].entries()) {
    view.setUint32(index * 4, word);
  }
  return octets;
}

function transportSum(
  ends: Ends,
  protocol: number,
  octets: Uint8Array,
  checksum: 'right' | 'pseudo' | number,
): number {
  if (typeof checksum === 'number') return checksum;
  const skip = isV6(ends) ? 0 : 12;
  const pseudo = concat(
    addressOctets(ends.source).slice(skip),
    addressOctets(ends.destination).slice(skip),
    u16(octets.length >>> 16),
    u16(octets.length),
    u16(protocol),
  );
  if (checksum === 'pseudo') return internetSum(pseudo);
  return complement(internetSum(concat(pseudo, octets)));
}

/** The sum of RFC 1071, without the complement. */
export function internetSum(octets: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < octets.length; at += 2) sum += ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum;
}

function complement(sum: number): number {
  return ~sum & 0xffff;
}
