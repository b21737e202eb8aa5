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

/** Decodes the transport header that the IP layer has found; `end` is where the captured octets end. */
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
  // Options that were cut off, which who reads a header of its own finds out by that.
  if (packet.transportOffset > end) return Reason.ipHeader;
  // Nothing in it is known but that nobody speaks it: its number stands in for the port.
  packet.setPortless(protocol, 0);
  return Reason.none;
}
