import type { Packet } from '../packet.ts';
import { Reason } from '../reason.ts';
import { decodeEtherType } from './ethertype.ts';

// RFC 1547, section 4.3.1: address, control (0), then an EtherType.
const PROTOCOL = 2;
const HEADER_LENGTH = 4;

/** The address field of Cisco's framing. On a point-to-point line, "multicast" says nothing about the packet. */
export const CISCO_UNICAST = 0x0f;
export const CISCO_MULTICAST = 0x8f;

/** Decodes a serial-line frame in Cisco's HDLC framing. */
export function decodeCiscoHdlc(
  view: DataView,
  offset: number,
  end: number,
  missing: number,
  packet: Packet,
): Reason {
  if (end - offset < HEADER_LENGTH) return Reason.linkHeader;
  const etherType = view.getUint16(offset + PROTOCOL);
  return decodeEtherType(view, etherType, offset + HEADER_LENGTH, end, missing, packet);
}
