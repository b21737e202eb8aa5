import type { Packet } from '../decode/packet.ts';
import { ACK, FIN, RST, SYN } from '../decode/transport/tcp.ts';

/** Octets before the IP header, at most: those of Linux cooked frames, version 2. */
const LONGEST_LINK_HEADER = 20;
const IPV6_HEADER_LENGTH = 40;

/**
 * Whether a packet that the kernel filter passed is this host's own SYN/ACK: the port that it comes from is open.
 * Only in the plain form of which the filter asks for this host's hardware address: what is wrapped, extended or
 * fragmented anybody may have sent, to make a port look open that it means to probe.
 */
export function isOpenPortAnswer(packet: Packet): boolean {
  if ((packet.tcpFlags & (SYN | ACK | RST | FIN)) !== (SYN | ACK) || packet.fragmented) return false;
  const headerLength = packet.family === 4 ? packet.ipv4HeaderLength : IPV6_HEADER_LENGTH;
  return packet.ipOffset <= LONGEST_LINK_HEADER && packet.transportOffset === packet.ipOffset + headerLength;
}
