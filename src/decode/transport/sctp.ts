import type { Packet } from '../packet.ts';
import { Reason } from '../reason.ts';

// RFC 9260: the common header (section 3.1), then the first chunk (section 3.2).
const SOURCE_PORT = 0;
const DESTINATION_PORT = 2;
/** The offset of the checksum. */
export const SCTP_CHECKSUM = 8;
const CHUNK_TYPE = 12;
const CHUNK_LENGTH = 14;
const COMMON_HEADER_LENGTH = 12;
const CHUNK_HEADER_LENGTH = 4;
const MIN_LENGTH = COMMON_HEADER_LENGTH + CHUNK_HEADER_LENGTH;
/** Octets that are read; a packet may be cut before its chunk length. */
const READ_LENGTH = 13;

/** Chunk types (RFC 9260, section 3.2). */
export const CHUNK_INIT = 1;
export const CHUNK_INIT_ACK = 2;
export const CHUNK_COOKIE_ECHO = 10;

/** Decodes the SCTP header at `packet.transportOffset` and the type of its first chunk. */
export function decodeSctp(view: DataView, end: number, packet: Packet): Reason {
  const offset = packet.transportOffset;
  if (packet.transportLength < MIN_LENGTH)
    return packet.fragmented ? Reason.fragment : Reason.transportHeader;
  if (end - offset < READ_LENGTH) return Reason.transportHeader;
  // The padding of the last chunk may exceed the packet; its own octets may not.
  if (end - offset >= MIN_LENGTH && !packet.fragmented) {
    const length = view.getUint16(offset + CHUNK_LENGTH);
    if (length < CHUNK_HEADER_LENGTH || length > packet.transportLength - COMMON_HEADER_LENGTH)
      return Reason.transportLength;
  }
  packet.setPortless(view.getUint16(offset + DESTINATION_PORT), view.getUint8(offset + CHUNK_TYPE));
  packet.sourcePort = view.getUint16(offset + SOURCE_PORT);
  return Reason.none;
}
