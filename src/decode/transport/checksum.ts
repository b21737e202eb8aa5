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

/**
 * Whether the sums of a decoded packet are right (design, section 5): `ipChecksum` or `transportChecksum` when
 * this host would have dropped it. Asked only of packets that would be probes: summing every octet of honest
 * traffic would cost more than all the rest. What was cut by the snap length is not checked.
 */
export function verifyChecksums(view: DataView, packet: Packet): Reason {
  if (!ipv4SumIsRight(view, packet)) return Reason.ipChecksum;
  if (!packet.complete) return Reason.none;
  return transportSumIsRight(view, packet) ? Reason.none : Reason.transportChecksum;
}

/** Whether the sum of the IPv4 header is right; that of a packet without one is. */
export function ipv4SumIsRight(view: DataView, packet: Packet): boolean {
  if (packet.ipv4HeaderLength === 0) return true;
  return fold(sumWords(view, packet.ipOffset, packet.ipv4HeaderLength, 0)) === 0xffff;
}

function transportSumIsRight(view: DataView, packet: Packet): boolean {
  switch (packet.protocol) {
    case PROTOCOL_TCP:
      return internetSumIsRight(view, packet, TCP_CHECKSUM);
    case PROTOCOL_UDP:
      // RFC 768: no sum was made. RFC 8200, section 8.1: not allowed over IPv6, where receivers drop it.
      if (view.getUint16(packet.transportOffset + UDP_CHECKSUM) === 0) return packet.family === 4;
      return internetSumIsRight(view, packet, UDP_CHECKSUM);
    case PROTOCOL_SCTP:
      return sctpSumIsRight(view, packet);
    case PROTOCOL_ICMP:
      // RFC 792: of the message alone.
      return fold(sumWords(view, packet.transportOffset, packet.transportLength, 0)) === 0xffff;
    case PROTOCOL_ICMPV6:
      return internetSumIsRight(view, packet, ICMP_CHECKSUM);
    default:
      // Nobody speaks it: there is no sum that is known.
      return true;
  }
}

/** RFC 9260, appendix A. 0 was left to the network card; SCTP has no pseudo-header that would stand there. */
function sctpSumIsRight(view: DataView, packet: Packet): boolean {
  const field = packet.transportOffset + SCTP_CHECKSUM;
  const sum = view.getUint32(field, true);
  return sum === 0 || sum === crc32c(view, packet.transportOffset, packet.transportLength, field);
}

function internetSumIsRight(view: DataView, packet: Packet, checksum: number): boolean {
  const field = view.getUint16(packet.transportOffset + checksum);
  const pseudo = pseudoHeaderSum(packet);
  // Left to the network card: the field holds the pseudo-header's sum, not yet complemented.
  if (field === fold(pseudo)) return true;
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
 * RFC 1071: 16-bit words in network order, an odd octet at the end padded with zero. Two words are read at a time.
 * The carries are added back in as they come, so that all are small whole numbers, for which V8 needs no doubles.
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

/** Adds the carries back in until 16 bits are left. */
function fold(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + (folded >>> 16);
  return folded;
}
