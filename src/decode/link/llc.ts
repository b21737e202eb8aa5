// IEEE 802.2 (service access points, control) followed by SNAP (organization, protocol), as RFC 1042 uses them.
const SERVICE_ACCESS_POINTS = 0;
const CONTROL = 2;
const ORGANIZATION = 3;
const PROTOCOL = 6;
/** The length of both headers. */
export const SNAP_HEADER_LENGTH = 8;

/** Both service access points are SNAP's. */
const SAP_SNAP = 0xaaaa;
const UNNUMBERED_INFORMATION = 0x03;
/** The organization whose protocols are EtherTypes. */
const ORGANIZATION_ETHERTYPE = 0x000000;

/** IEEE 802.3, section 3.2.6: up to this value the field is the length of the payload. */
const MAX_LENGTH = 1500;

/**
 * Whether the EtherType field is a length, so that LLC follows. In Linux cooked frames the values below 1,536 are
 * Linux's own: 4 announces LLC too, and the payloads of the others do not begin with SNAP.
 */
export function isLength(etherType: number): boolean {
  return etherType <= MAX_LENGTH;
}

/** The EtherType in the LLC and SNAP headers at `offset`; 0, which is no EtherType, when they are not LLC and SNAP. */
export function snapEtherType(view: DataView, offset: number): number {
  if (view.getUint16(offset + SERVICE_ACCESS_POINTS) !== SAP_SNAP) return 0;
  if (view.getUint8(offset + CONTROL) !== UNNUMBERED_INFORMATION) return 0;
  const organization =
    (view.getUint16(offset + ORGANIZATION) << 8) | view.getUint8(offset + ORGANIZATION + 2);
  return organization === ORGANIZATION_ETHERTYPE ? view.getUint16(offset + PROTOCOL) : 0;
}
