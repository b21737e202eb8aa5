import { decodeIpv4 } from './ipv4.ts';
import { decodeIpv6 } from './ipv6.ts';
import type { Packet } from './packet.ts';
import { Reason } from './reason.ts';
import { isVlanTag, MAX_VLAN_TAGS, VLAN_TAG_LENGTH, vlanEtherType } from './vlan.ts';

const ETHER_TYPE_IPV4 = 0x0800;
const ETHER_TYPE_IPV6 = 0x86dd;

/** Decodes what an EtherType announces, behind any VLAN tags. */
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
  let type = etherType;
  let position = offset;
  for (let tags = 0; isVlanTag(type); tags++) {
    if (tags === MAX_VLAN_TAGS) return Reason.vlanDepth;
    if (end - position < VLAN_TAG_LENGTH) return Reason.linkHeader;
    type = vlanEtherType(view, position);
    position += VLAN_TAG_LENGTH;
  }
  if (type === ETHER_TYPE_IPV4) return decodeIpv4(view, position, end, missing, packet);
  if (type === ETHER_TYPE_IPV6) return decodeIpv6(view, position, end, missing, packet);
  return Reason.notIp;
}
