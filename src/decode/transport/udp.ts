import type { Packet } from '../packet.ts';
import { Reason } from '../reason.ts';

// RFC 768.
const SOURCE_PORT = 0;
const DESTINATION_PORT = 2;
const LENGTH = 4;
/** The offset of the checksum. */
export const UDP_CHECKSUM = 6;
/** The length of the header. */
export const UDP_HEADER_LENGTH = 8;
/** The ports; a datagram may be cut before its length field. */
const PORTS_LENGTH = 4;

/** Decodes the UDP header at `packet.transportOffset`. */
export function decodeUdp(view: DataView, end: number, packet: Packet): Reason {
  const offset = packet.transportOffset;
  const captured = end - offset;
  if (packet.transportLength < UDP_HEADER_LENGTH || captured < PORTS_LENGTH) return Reason.transportHeader;
  if (captured >= UDP_HEADER_LENGTH) {
    const reason = takeLength(view.getUint16(offset + LENGTH), packet);
    if (reason !== Reason.none) return reason;
  }
  packet.sourcePort = view.getUint16(offset + SOURCE_PORT);
  packet.destinationPort = view.getUint16(offset + DESTINATION_PORT);
  packet.tcpFlags = 0;
  packet.sequence = 0;
  packet.window = 0;
  return Reason.none;
}

function takeLength(length: number, packet: Packet): Reason {
  // A jumbogram has the length 0 (RFC 2675, section 4).
  if (length === 0 && packet.family === 6) return Reason.none;
  if (length < UDP_HEADER_LENGTH) return Reason.transportLength;
  // A first fragment is shorter than its datagram.
  if (packet.fragmented) return Reason.none;
  if (length > packet.transportLength) return Reason.transportLength;
  packet.transportLength = length;
  return Reason.none;
}
