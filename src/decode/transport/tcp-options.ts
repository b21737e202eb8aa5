import { PROTOCOL_TCP } from '../../net/protocol.ts';
import type { Packet } from '../packet.ts';

// RFC 9293, section 3.1.
const DATA_OFFSET = 12;
const OPTIONS = 20;

/**
 * Reads how long the TCP header is and how its options begin, which tells one sender's SYNs from another's. Apart
 * from `decodeTcp`, for only a probe needs it: established traffic does not pay. Only after `Reason.none`.
 */
export function readTcpOptions(view: DataView, packet: Packet): void {
  packet.tcpHeaderLength = 0;
  packet.firstOption = 0;
  if (packet.protocol !== PROTOCOL_TCP) return;
  const offset = packet.transportOffset;
  packet.tcpHeaderLength = (view.getUint8(offset + DATA_OFFSET) >> 4) << 2;
  // Of what the snap length cut, the options may be missing; the length is not.
  if (packet.tcpHeaderLength > OPTIONS && packet.complete)
    packet.firstOption = view.getUint32(offset + OPTIONS);
}
