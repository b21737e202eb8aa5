import { PROTOCOL_TCP, PROTOCOL_UDP } from '../net/protocol.ts';
import type { Packet } from './packet.ts';
import { Reason } from './reason.ts';
import { decodeTcp } from './tcp.ts';
import { decodeUdp } from './udp.ts';

/** Decodes the transport header that the IP layer has found; `end` is where the captured octets end. */
export function decodeTransport(view: DataView, end: number, packet: Packet): Reason {
  packet.complete = !packet.fragmented && packet.transportOffset + packet.transportLength <= end;
  if (packet.protocol === PROTOCOL_TCP) return decodeTcp(view, end, packet);
  if (packet.protocol === PROTOCOL_UDP) return decodeUdp(view, end, packet);
  return Reason.otherProtocol;
}
