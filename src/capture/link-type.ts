// The numbers of link types in capture files, with the names of the tcpdump group's list of link-layer header types.
// Each of them has a decoder; together they cover what the interfaces of a host produce.
export const LINKTYPE_NULL = 0;
export const LINKTYPE_ETHERNET = 1;
export const LINKTYPE_PPP = 9;
export const LINKTYPE_PPP_HDLC = 50;
export const LINKTYPE_PPP_ETHER = 51;
export const LINKTYPE_RAW = 101;
export const LINKTYPE_C_HDLC = 104;
export const LINKTYPE_LOOP = 108;
export const LINKTYPE_LINUX_SLL = 113;
export const LINKTYPE_IPV4 = 228;
export const LINKTYPE_IPV6 = 229;
export const LINKTYPE_NFLOG = 239;
export const LINKTYPE_LINUX_SLL2 = 276;

/**
 * The number of raw IP in libpcap is 12 on most systems and 14 on OpenBSD. Files should hold 101, but some writers use
 * the number of their libpcap.
 */
const DLT_RAW = 12;
const DLT_RAW_OPENBSD = 14;

const NAMES: ReadonlyMap<number, string> = new Map([
  [LINKTYPE_NULL, 'NULL'],
  [LINKTYPE_ETHERNET, 'ETHERNET'],
  [6, 'IEEE802_5'],
  [8, 'SLIP'],
  [LINKTYPE_PPP, 'PPP'],
  [10, 'FDDI'],
  [LINKTYPE_PPP_HDLC, 'PPP_HDLC'],
  [LINKTYPE_PPP_ETHER, 'PPP_ETHER'],
  [100, 'ATM_RFC1483'],
  [LINKTYPE_RAW, 'RAW'],
  [LINKTYPE_C_HDLC, 'C_HDLC'],
  [105, 'IEEE802_11'],
  [107, 'FRELAY'],
  [LINKTYPE_LOOP, 'LOOP'],
  [LINKTYPE_LINUX_SLL, 'LINUX_SLL'],
  [117, 'PFLOG'],
  [119, 'IEEE802_11_PRISM'],
  [127, 'IEEE802_11_RADIOTAP'],
  [138, 'APPLE_IP_OVER_IEEE1394'],
  [163, 'IEEE802_11_AVS'],
  [187, 'BLUETOOTH_HCI_H4'],
  [189, 'USB_LINUX'],
  [192, 'PPI'],
  [195, 'IEEE802_15_4_WITHFCS'],
  [201, 'BLUETOOTH_HCI_H4_WITH_PHDR'],
  [220, 'USB_LINUX_MMAPPED'],
  [LINKTYPE_IPV4, 'IPV4'],
  [LINKTYPE_IPV6, 'IPV6'],
  [LINKTYPE_NFLOG, 'NFLOG'],
  [249, 'USBPCAP'],
  [253, 'NETLINK'],
  [258, 'PKTAP'],
  [LINKTYPE_LINUX_SLL2, 'LINUX_SLL2'],
]);

const DECODED: ReadonlySet<number> = new Set([
  LINKTYPE_NULL,
  LINKTYPE_ETHERNET,
  LINKTYPE_PPP,
  LINKTYPE_PPP_HDLC,
  LINKTYPE_PPP_ETHER,
  LINKTYPE_RAW,
  LINKTYPE_C_HDLC,
  LINKTYPE_LOOP,
  LINKTYPE_LINUX_SLL,
  LINKTYPE_IPV4,
  LINKTYPE_IPV6,
  LINKTYPE_NFLOG,
  LINKTYPE_LINUX_SLL2,
]);

/** Whether a decoder exists for this canonical link type. */
export function isDecoded(linkType: number): boolean {
  return DECODED.has(linkType);
}

/** The name in the tcpdump group's list without `LINKTYPE_`, or the number if the name is not known here. */
export function linkTypeName(linkType: number): string {
  return NAMES.get(linkType) ?? String(linkType);
}

/** Maps the several numbers of raw IP to one; other link types are returned as they are. */
export function canonicalLinkType(linkType: number): number {
  return linkType === DLT_RAW || linkType === DLT_RAW_OPENBSD ? LINKTYPE_RAW : linkType;
}
