import { decodeIpv4 } from '../network/ipv4.ts';
import { decodeIpv6 } from '../network/ipv6.ts';
import type { Packet } from '../packet.ts';
import { Reason } from '../reason.ts';

// RFC 1662, section 3.1: HDLC-like framing puts an address and a control octet before the protocol.
const ALL_STATIONS_UNNUMBERED = 0xff03;
const ADDRESS_CONTROL_LENGTH = 2;

const PROTOCOL_LENGTH = 2;
/** RFC 1661, section 2: only the last octet of the field is odd. An odd first octet is a whole compressed field. */
const LAST_OCTET_BIT = 0x01;

// IANA's PPP protocol numbers.
const PROTOCOL_IPV4 = 0x0021;
const PROTOCOL_IPV6 = 0x0057;

/** Decodes a PPP frame, with or without address and control, with a compressed or full protocol field. */
export function decodePpp(
  view: DataView,
  offset: number,
  end: number,
  missing: number,
  packet: Packet,
): Reason {
  if (end - offset < PROTOCOL_LENGTH) return Reason.linkHeader;
  const framed = view.getUint16(offset) === ALL_STATIONS_UNNUMBERED;
  const position = framed ? offset + ADDRESS_CONTROL_LENGTH : offset;
  if (end - position < PROTOCOL_LENGTH) return Reason.linkHeader;
  const first = view.getUint8(position);
  const compressed = (first & LAST_OCTET_BIT) !== 0;
  const protocol = compressed ? first : view.getUint16(position);
  const payload = position + (compressed ? 1 : PROTOCOL_LENGTH);
  if (protocol === PROTOCOL_IPV4) return decodeIpv4(view, payload, end, missing, packet);
  if (protocol === PROTOCOL_IPV6) return decodeIpv6(view, payload, end, missing, packet);
  return Reason.notIp;
}
