import {
  isSpoken,
  PROTOCOL_ICMP,
  PROTOCOL_ICMPV6,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
} from '../../net/protocol.ts';
import type { Packet } from '../packet.ts';
import { Reason } from '../reason.ts';
import { decodeIcmp } from './icmp.ts';
import { decodeSctp } from './sctp.ts';
import { decodeTcp } from './tcp.ts';
import { decodeUdp } from './udp.ts';

/** Decodes the transport header that the IP layer found. */
export function decodeTransport(view: DataView, end: number, packet: Packet): Reason {
  packet.complete = !packet.fragmented && packet.transportOffset + packet.transportLength <= end;
  if (packet.protocol === PROTOCOL_TCP) return decodeTcp(view, end, packet);
  if (packet.protocol === PROTOCOL_UDP) return decodeUdp(view, end, packet);
  return decodeOther(view, end, packet);
}

function decodeOther(view: DataView, end: number, packet: Packet): Reason {
  const { protocol, family } = packet;
  if (protocol === PROTOCOL_SCTP) return decodeSctp(view, end, packet);
  if (protocol === (family === 4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6)) return decodeIcmp(view, end, packet);
  if (isSpoken(protocol)) return Reason.otherProtocol;
  // The options were cut off; a decoder that reads a header sees this from the length.
  if (packet.transportOffset > end) return Reason.ipHeader;
  // Only the protocol number is known, so it stands in for the port.
  packet.setPortless(protocol, 0);
  return Reason.none;
}
