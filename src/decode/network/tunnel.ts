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

/** More octets than a packet has. What a first fragment lacks was on the wire, in other frames. */
const REST_OF_DATAGRAM = 0x10000;

/**
 * Replaces a decoded tunnel packet by the packet inside it. A packet that carries none stays as it is, with its
 * `reason`. Only one level is opened: a tunnel within a tunnel is `otherProtocol`.
 *
 * The inner packet is judged like any other when its destination is ours. Linux accepts it only when the outer
 * destination is its own and it has such a tunnel device. The kernel filter already checks the first when live. The
 * second is not checked, because a source that probes through a tunnel that does not exist is a scanner too. The
 * inner source may be forged, as that of any SYN may; the same limits protect against both. The inner checksums are
 * verified; of the outer headers only the protocol is used.
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
