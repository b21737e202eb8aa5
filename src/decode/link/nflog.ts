import { decodeIpv4 } from '../network/ipv4.ts';
import { decodeIpv6 } from '../network/ipv6.ts';
import type { Packet } from '../packet.ts';
import { Reason } from '../reason.ts';

// LINKTYPE_NFLOG: a packet that a netfilter rule logged, as a header and entries by type, each padded to 4 octets.
const ADDRESS_FAMILY = 0;
const VERSION = 1;
const HEADER_LENGTH = 4;
const TLV_LENGTH = 0;
const TLV_TYPE = 2;
const TLV_HEADER_LENGTH = 4;
const TLV_ALIGNMENT = 4;

const VERSION_0 = 0;
const TYPE_PAYLOAD = 9;
/** Linux's AF_INET and AF_INET6. */
const FAMILY_IPV4 = 2;
const FAMILY_IPV6 = 10;

/** The kernel writes each type once and knows about twenty; more of them are an attack on the decoder. */
const MAX_TLVS = 32;
/** The kernel copies as much of a packet as it was asked for and does not say what is missing: at most this. */
const MISSING_OCTETS = 0x10000;
/** Types are small: a larger value is in the other byte order. */
const MAX_TYPE = 0xff;

/** Decodes a frame of the netfilter log; the packet is its payload entry. */
export function decodeNflog(
  view: DataView,
  offset: number,
  end: number,
  missing: number,
  packet: Packet,
): Reason {
  if (end - offset < HEADER_LENGTH) return Reason.linkHeader;
  if (view.getUint8(offset + VERSION) !== VERSION_0) return Reason.notIp;
  const family = view.getUint8(offset + ADDRESS_FAMILY);
  if (family !== FAMILY_IPV4 && family !== FAMILY_IPV6) return Reason.notIp;
  let position = offset + HEADER_LENGTH;
  for (let walked = 0; walked < MAX_TLVS; walked++) {
    if (end - position < TLV_HEADER_LENGTH) return Reason.linkHeader;
    const little = isLittleEndian(view, position);
    const length = view.getUint16(position + TLV_LENGTH, little);
    if (length < TLV_HEADER_LENGTH || length > end - position + missing) return Reason.linkHeader;
    if (view.getUint16(position + TLV_TYPE, little) === TYPE_PAYLOAD) {
      const payloadEnd = Math.min(end, position + length);
      return decodePayload(view, family, position + TLV_HEADER_LENGTH, payloadEnd, packet);
    }
    position += Math.ceil(length / TLV_ALIGNMENT) * TLV_ALIGNMENT;
  }
  return Reason.linkDepth;
}

/** Lengths and types are in the capturing host's byte order, which nothing else in the frame reveals. */
function isLittleEndian(view: DataView, position: number): boolean {
  return view.getUint16(position + TLV_TYPE, true) <= MAX_TYPE;
}

function decodePayload(view: DataView, family: number, offset: number, end: number, packet: Packet): Reason {
  if (family === FAMILY_IPV4) return decodeIpv4(view, offset, end, MISSING_OCTETS, packet);
  return decodeIpv6(view, offset, end, MISSING_OCTETS, packet);
}
