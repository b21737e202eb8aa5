import type { Packet } from '../packet.ts';
import { Reason } from '../reason.ts';
import { decodeEtherType } from './ethertype.ts';

// IEEE 802.3, section 3.1.1.
const DESTINATION = 0;
const ETHER_TYPE = 12;
const HEADER_LENGTH = 14;
/** The group bit is the lowest bit of the first octet (IEEE 802.3, section 3.2.3). */
const GROUP_BIT = 0x01;

/** Decodes an Ethernet II frame in `[offset, end)`. */
export function decodeEthernet(
  view: DataView,
  offset: number,
  end: number,
  missing: number,
  packet: Packet,
): Reason {
  if (end - offset < HEADER_LENGTH) return Reason.linkHeader;
  packet.linkGroup = (view.getUint8(offset + DESTINATION) & GROUP_BIT) !== 0;
  const etherType = view.getUint16(offset + ETHER_TYPE);
  return decodeEtherType(view, etherType, offset + HEADER_LENGTH, end, missing, packet);
}
