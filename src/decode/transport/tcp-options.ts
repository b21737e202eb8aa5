import { PROTOCOL_TCP } from '../../net/protocol.ts';
import type { Packet } from '../packet.ts';

// RFC 9293, section 3.1.
const DATA_OFFSET = 12;
const OPTIONS = 20;

/**
 * Reads the length of the TCP header and the start of its options, which distinguish one sender's SYNs from
 * another's. Separate from `decodeTcp`, because only a probe needs it. Call it only after `Reason.none`.
 */
export function readTcpOptions(view: DataView, packet: Packet): void {
  packet.tcpHeaderLength = 0;
  packet.firstOption = 0;
  if (packet.protocol !== PROTOCOL_TCP) return;
  const offset = packet.transportOffset;
  packet.tcpHeaderLength = (view.getUint8(offset + DATA_OFFSET) >> 4) << 2;
  // The snap length may have cut the options off; the header length remains.
  if (packet.tcpHeaderLength > OPTIONS && packet.complete)
    packet.firstOption = view.getUint32(offset + OPTIONS);
}
