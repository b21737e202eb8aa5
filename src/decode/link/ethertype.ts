import { decodeArp } from '../network/arp.ts';
import { decodeIpv4 } from '../network/ipv4.ts';
import { decodeIpv6 } from '../network/ipv6.ts';
import type { Packet } from '../packet.ts';
import { Reason } from '../reason.ts';
import { isLength, SNAP_HEADER_LENGTH, snapEtherType } from './llc.ts';
import { decodeMpls } from './mpls.ts';
import { decodePppoe } from './pppoe.ts';
import { isVlanTag, MAX_VLAN_TAGS, VLAN_TAG_LENGTH, vlanEtherType } from './vlan.ts';

/** IEEE 802 EtherTypes (IANA). */
export const ETHER_TYPE_IPV4 = 0x0800;
export const ETHER_TYPE_IPV6 = 0x86dd;
const ETHER_TYPE_ARP = 0x0806;
const ETHER_TYPE_MPLS = 0x8847;
/** Formerly MPLS multicast; now MPLS with an upstream-assigned label (RFC 5332). */
const ETHER_TYPE_MPLS_UPSTREAM = 0x8848;
const ETHER_TYPE_PPPOE_SESSION = 0x8864;

/** Decodes the payload that an EtherType announces: an IP packet, perhaps in further link headers. */
export function decodeEtherType(
  view: DataView,
  etherType: number,
  offset: number,
  end: number,
  missing: number,
  packet: Packet,
): Reason {
  if (etherType === ETHER_TYPE_IPV4) return decodeIpv4(view, offset, end, missing, packet);
  if (etherType === ETHER_TYPE_IPV6) return decodeIpv6(view, offset, end, missing, packet);
  return decodeWrapped(view, etherType, offset, end, missing, packet);
}

/** Decodes VLAN tags, then an optional LLC and SNAP header, then IP, MPLS or PPPoE. */
function decodeWrapped(
  view: DataView,
  etherType: number,
  offset: number,
  end: number,
  missing: number,
  packet: Packet,
): Reason {
  let type = etherType;
  let position = offset;
  for (let tags = 0; isVlanTag(type); tags++) {
    if (tags === MAX_VLAN_TAGS) return Reason.linkDepth;
    if (end - position < VLAN_TAG_LENGTH) return Reason.linkHeader;
    type = vlanEtherType(view, position);
    position += VLAN_TAG_LENGTH;
  }
  if (isLength(type)) {
    if (end - position < SNAP_HEADER_LENGTH) return Reason.linkHeader;
    type = snapEtherType(view, position);
    position += SNAP_HEADER_LENGTH;
  }
  switch (type) {
    case ETHER_TYPE_IPV4:
      return decodeIpv4(view, position, end, missing, packet);
    case ETHER_TYPE_IPV6:
      return decodeIpv6(view, position, end, missing, packet);
    case ETHER_TYPE_MPLS:
    case ETHER_TYPE_MPLS_UPSTREAM:
      return decodeMpls(view, position, end, missing, packet);
    case ETHER_TYPE_PPPOE_SESSION:
      return decodePppoe(view, position, end, missing, packet);
    case ETHER_TYPE_ARP:
      return decodeArp(view, position, end, packet);
    default:
      return Reason.notIp;
  }
}
