import { ETHER_TYPE_IPV4, ETHER_TYPE_IPV6 } from '../link/ethertype.ts';
import type { Packet } from '../packet.ts';
import { Reason } from '../reason.ts';
import { greEtherType, greHeaderLength } from './gre.ts';
import { decodeIpv4 } from './ipv4.ts';
import { decodeIpv6 } from './ipv6.ts';
import { findTeredoPacket } from './teredo.ts';

// IANA protocol numbers: IPv4 in IP (RFC 2003, RFC 2473), IPv6 in IP (RFC 4213, RFC 2473), GRE (RFC 2784).
const PROTOCOL_IPV4 = 4;
const PROTOCOL_IPV6 = 41;
const PROTOCOL_GRE = 47;

/** More octets than a packet has: what a first fragment lacks is on the wire, in other frames. */
const REST_OF_DATAGRAM = 0x10000;

/**
 * Puts the packet that a decoded one carries in its place. When it carries none, the outer one stays as it is,
 * and so does its `reason`. One level: a tunnel within the tunnel is `otherProtocol`.
 *
 * The inner packet is judged if its destination is ours, like any other. Linux takes it out only when the outer
 * destination is its own and it has such a tunnel device. The first is what the kernel filter lets pass live;
 * the second is not asked, for who knocks inside a tunnel that is not there is a scanner too. The inner source
 * may be forged, as that of any SYN may: the same limits stand against both. Sums are those of the inner
 * headers; nothing of the outer ones but the protocol is believed.
 */
export function decodeTunnel(view: DataView, end: number, packet: Packet, reason: Reason): Reason {
  if (reason !== Reason.none && reason !== Reason.otherProtocol) return reason;
  const offset = packet.transportOffset;
  const payloadEnd = Math.min(end, offset + packet.transportLength);
  if (reason === Reason.none) {
    const inner = findTeredoPacket(view, payloadEnd, packet);
    return inner === -1 ? reason : decodeInner(view, ETHER_TYPE_IPV6, inner, payloadEnd, packet);
  }
  if (packet.protocol === PROTOCOL_IPV4)
    return decodeInner(view, ETHER_TYPE_IPV4, offset, payloadEnd, packet);
  if (packet.protocol === PROTOCOL_IPV6)
    return decodeInner(view, ETHER_TYPE_IPV6, offset, payloadEnd, packet);
  if (packet.protocol !== PROTOCOL_GRE) return reason;
  const length = greHeaderLength(view, offset, payloadEnd);
  if (length === -1) return reason;
  return decodeInner(view, greEtherType(view, offset), offset + length, payloadEnd, packet);
}

function decodeInner(view: DataView, etherType: number, offset: number, end: number, packet: Packet): Reason {
  const { fragmented } = packet;
  const missing = fragmented ? REST_OF_DATAGRAM : packet.transportOffset + packet.transportLength - end;
  const reason = decodeIp(view, etherType, offset, end, missing, packet);
  if (fragmented) packet.fragmented = true;
  return reason;
}

function decodeIp(
  view: DataView,
  etherType: number,
  offset: number,
  end: number,
  missing: number,
  packet: Packet,
): Reason {
  if (etherType === ETHER_TYPE_IPV4) return decodeIpv4(view, offset, end, missing, packet);
  if (etherType === ETHER_TYPE_IPV6) return decodeIpv6(view, offset, end, missing, packet);
  return Reason.otherProtocol;
}
