import type { Address } from '../../net/address.ts';
import {
  PROTOCOL_ICMP,
  PROTOCOL_ICMPV6,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
} from '../../net/protocol.ts';
import type { Packet } from '../packet.ts';
import { Reason } from '../reason.ts';
import { crc32c } from './crc32c.ts';
import { ICMP_CHECKSUM } from './icmp.ts';
import { SCTP_CHECKSUM } from './sctp.ts';
import { TCP_CHECKSUM } from './tcp.ts';
import { UDP_CHECKSUM } from './udp.ts';

/** The offset of the header checksum (RFC 791, section 3.1). */
const IPV4_CHECKSUM = 10;

/**
 * Which checksums are right. `received`: those that a host accepts. `captured`: also those that the card of the sender
 * would have filled in, which are 0 in a capture made on the sender. `any`: all.
 */
export type ChecksumRule = 'received' | 'captured' | 'any';

/**
 * Verifies the checksums of a decoded packet. Returns `ipChecksum` or `transportChecksum` when this host would have
 * dropped it. Call it only for packets that would be probes: summing every octet of honest traffic would cost more
 * than all other work. A packet cut by the snap length is not checked.
 */
export function verifyChecksums(view: DataView, packet: Packet, rule: ChecksumRule): Reason {
  if (!ipv4SumIsRight(view, packet, rule)) return Reason.ipChecksum;
  return verifyTransportChecksum(view, packet, rule);
}

/** The same of the transport alone. */
export function verifyTransportChecksum(view: DataView, packet: Packet, rule: ChecksumRule): Reason {
  if (!packet.complete || rule === 'any') return Reason.none;
  return transportSumIsRight(view, packet, rule) ? Reason.none : Reason.transportChecksum;
}

/** Whether the IPv4 header checksum is right; true for a packet without an IPv4 header. */
export function ipv4SumIsRight(view: DataView, packet: Packet, rule: ChecksumRule): boolean {
  if (packet.ipv4HeaderLength === 0 || rule === 'any') return true;
  if (rule === 'captured' && view.getUint16(packet.ipOffset + IPV4_CHECKSUM) === 0) return true;
  return fold(sumWords(view, packet.ipOffset, packet.ipv4HeaderLength, 0)) === 0xffff;
}

function transportSumIsRight(view: DataView, packet: Packet, rule: ChecksumRule): boolean {
  switch (packet.protocol) {
    case PROTOCOL_TCP:
      return internetSumIsRight(view, packet, TCP_CHECKSUM, rule);
    case PROTOCOL_UDP:
      // RFC 768: the sender made no checksum. RFC 8200, section 8.1: over IPv6 a receiver drops that.
      if (view.getUint16(packet.transportOffset + UDP_CHECKSUM) === 0)
        return packet.family === 4 || rule === 'captured';
      return internetSumIsRight(view, packet, UDP_CHECKSUM, rule);
    case PROTOCOL_SCTP:
      return sctpSumIsRight(view, packet);
    case PROTOCOL_ICMP:
      // RFC 792: the checksum covers the message alone, without a pseudo-header.
      return fold(sumWords(view, packet.transportOffset, packet.transportLength, 0)) === 0xffff;
    case PROTOCOL_ICMPV6:
      return internetSumIsRight(view, packet, ICMP_CHECKSUM, rule);
    default:
      // No host speaks the protocol, so its checksum is unknown.
      return true;
  }
}

/**
 * RFC 9260, appendix A. A checksum of 0 is left to the network card: without a pseudo-header it holds no partial sum.
 */
function sctpSumIsRight(view: DataView, packet: Packet): boolean {
  const field = packet.transportOffset + SCTP_CHECKSUM;
  const sum = view.getUint32(field, true);
  return sum === 0 || sum === crc32c(view, packet.transportOffset, packet.transportLength, field);
}

function internetSumIsRight(view: DataView, packet: Packet, checksum: number, rule: ChecksumRule): boolean {
  const field = view.getUint16(packet.transportOffset + checksum);
  const pseudo = pseudoHeaderSum(packet);
  // Left to the network card: the field holds the pseudo-header's sum, not yet complemented, or 0.
  if (field === fold(pseudo) || (field === 0 && rule === 'captured')) return true;
  return fold(sumWords(view, packet.transportOffset, packet.transportLength, pseudo)) === 0xffff;
}

/** RFC 9293, section 3.1, and RFC 8200, section 8.1: addresses, protocol and length. */
function pseudoHeaderSum(packet: Packet): number {
  const length = packet.transportLength;
  const addresses = addressSum(packet.source, packet.family) + addressSum(packet.destination, packet.family);
  return addresses + packet.protocol + (length >>> 16) + (length & 0xffff);
}

function addressSum(address: Address, family: number): number {
  const low = (address.w3 >>> 16) + (address.w3 & 0xffff);
  if (family === 4) return low;
  return low + wordSum(address.w0) + wordSum(address.w1) + wordSum(address.w2);
}

function wordSum(word: number): number {
  return (word >>> 16) + (word & 0xffff);
}

/**
 * RFC 1071: the sum of 16-bit words in network order, an odd octet at the end padded with zero. It reads two words at
 * a time. Carries are added back at once, so all values stay small integers and V8 needs no doubles.
 */
function sumWords(view: DataView, offset: number, length: number, start: number): number {
  let sum = start;
  let at = offset;
  for (const end = offset + (length & ~3); at < end; at += 4) {
    const words = view.getUint32(at);
    sum = (sum & 0xffff) + (sum >>> 16) + (words & 0xffff) + (words >>> 16);
  }
  if ((length & 2) !== 0) {
    sum += view.getUint16(at);
    at += 2;
  }
  if ((length & 1) !== 0) sum += view.getUint8(at) << 8;
  return sum;
}

/** Adds the carries back until 16 bits are left. */
function fold(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + (folded >>> 16);
  return folded;
}
