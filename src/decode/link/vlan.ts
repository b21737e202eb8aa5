// IEEE 802.1Q, section 9.6: tag control information, then the EtherType of the payload.
const TAG_ETHER_TYPE = 2;
/** The length of one tag without the identifier that announces it. */
export const VLAN_TAG_LENGTH = 4;

/** Tag protocol identifiers: customer, provider (802.1ad) and the older provider tag. */
const TPID_CUSTOMER = 0x8100;
const TPID_PROVIDER = 0x88a8;
const TPID_PROVIDER_OLD = 0x9100;

/** Provider networks stack two or three tags; a longer stack is an attack on the decoder. */
export const MAX_VLAN_TAGS = 4;

/** Whether the EtherType announces a VLAN tag. */
export function isVlanTag(etherType: number): boolean {
  return etherType === TPID_CUSTOMER || etherType === TPID_PROVIDER || etherType === TPID_PROVIDER_OLD;
}

/** The EtherType behind the tag at `offset`. */
export function vlanEtherType(view: DataView, offset: number): number {
  return view.getUint16(offset + TAG_ETHER_TYPE);
}
