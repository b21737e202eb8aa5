import type { Packet } from '../decode/packet.ts';
import { ACK, FIN, RST, SYN } from '../decode/transport/tcp.ts';

/** The longest link header, in octets: that of Linux cooked frames, version 2. */
const MAX_LINK_HEADER = 20;
const IPV6_HEADER_LENGTH = 40;

/**
 * Whether a packet that the kernel filter passed is this host's own SYN/ACK, so that its source port is open. Only
 * the plain form counts, because only there does the filter check for this host's hardware address. Anybody may have
 * sent a wrapped, extended or fragmented one, to make a port look open before probing it.
 */
export function isOpenPortAnswer(packet: Packet): boolean {
  if ((packet.tcpFlags & (SYN | ACK | RST | FIN)) !== (SYN | ACK) || packet.fragmented) return false;
  const headerLength = packet.family === 4 ? packet.ipv4HeaderLength : IPV6_HEADER_LENGTH;
  return packet.ipOffset <= MAX_LINK_HEADER && packet.transportOffset === packet.ipOffset + headerLength;
}
