import type { Packet } from './packet.ts';
import { Reason } from './reason.ts';

// RFC 768.
const SOURCE_PORT = 0;
const DESTINATION_PORT = 2;
const LENGTH = 4;
export const UDP_CHECKSUM = 6;
const HEADER_LENGTH = 8;

/** Decodes the UDP header at `packet.transportOffset`. */
export function decodeUdp(view: DataView, end: number, packet: Packet): Reason {
  const offset = packet.transportOffset;
  if (packet.transportLength < HEADER_LENGTH || end - offset < HEADER_LENGTH) return Reason.transportHeader;
  const length = view.getUint16(offset + LENGTH);
  // 0 is a jumbogram's (RFC 2675, section 4); a first fragment's datagram is longer than the fragment.
  if (length !== 0) {
    if (length < HEADER_LENGTH) return Reason.transportLength;
    if (!packet.fragmented) {
      if (length > packet.transportLength) return Reason.transportLength;
      packet.transportLength = length;
    }
  }
  packet.sourcePort = view.getUint16(offset + SOURCE_PORT);
  packet.destinationPort = view.getUint16(offset + DESTINATION_PORT);
  packet.tcpFlags = 0;
  packet.sequence = 0;
  packet.window = 0;
  return Reason.none;
}
