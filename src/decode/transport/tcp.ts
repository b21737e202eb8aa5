import type { Packet } from '../packet.ts';
import { Reason } from '../reason.ts';

// RFC 9293, section 3.1.
const SOURCE_PORT = 0;
const DESTINATION_PORT = 2;
const SEQUENCE_NUMBER = 4;
const DATA_OFFSET = 12;
const FLAGS = 13;
const WINDOW = 14;
/** The offset of the checksum. */
export const TCP_CHECKSUM = 16;
/** The length of a header without options. */
export const TCP_HEADER_LENGTH = 20;
/** Octets that are read; the snap length may cut the rest of the header. */
const READ_LENGTH = 16;

/** Control flags (RFC 9293, section 3.1). */
export const FIN = 0x01;
export const SYN = 0x02;
export const RST = 0x04;
export const PSH = 0x08;
export const ACK = 0x10;
export const URG = 0x20;
/** The six flags that classify a segment; ECE and CWR (RFC 3168) do not. */
const FLAGS_MASK = 0x3f;

/** Decodes the TCP header at `packet.transportOffset`. */
export function decodeTcp(view: DataView, end: number, packet: Packet): Reason {
  const offset = packet.transportOffset;
  if (packet.transportLength < TCP_HEADER_LENGTH) {
    return packet.fragmented ? Reason.fragment : Reason.transportHeader;
  }
  if (end - offset < READ_LENGTH) return Reason.transportHeader;
  const headerLength = (view.getUint8(offset + DATA_OFFSET) >> 4) << 2;
  if (headerLength < TCP_HEADER_LENGTH) return Reason.transportLength;
  if (headerLength > packet.transportLength && !packet.fragmented) return Reason.transportLength;
  packet.sourcePort = view.getUint16(offset + SOURCE_PORT);
  packet.destinationPort = view.getUint16(offset + DESTINATION_PORT);
  packet.sequence = view.getUint32(offset + SEQUENCE_NUMBER);
  packet.tcpFlags = view.getUint8(offset + FLAGS) & FLAGS_MASK;
  packet.window = view.getUint16(offset + WINDOW);
  return Reason.none;
}
