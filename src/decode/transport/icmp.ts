import type { Packet } from '../packet.ts';
import { Reason } from '../reason.ts';

// RFC 792 and RFC 4443, section 2.1; both headers begin alike.
const TYPE = 0;
/** The offset of the checksum. */
export const ICMP_CHECKSUM = 2;
const MIN_HEADER_LENGTH = 4;

/** Request types (RFC 792, RFC 950, RFC 4443). */
export const ICMP_ECHO = 8;
export const ICMP_TIMESTAMP = 13;
export const ICMP_MASK = 17;
export const ICMPV6_ECHO = 128;

/** Decodes the type of the ICMP or ICMPv6 message at `packet.transportOffset`. The type stands in for the port. */
export function decodeIcmp(view: DataView, end: number, packet: Packet): Reason {
  const offset = packet.transportOffset;
  if (packet.transportLength < MIN_HEADER_LENGTH || end - offset < MIN_HEADER_LENGTH)
    return packet.fragmented ? Reason.fragment : Reason.transportHeader;
  const type = view.getUint8(offset + TYPE);
  packet.setPortless(type, type);
  return Reason.none;
}
