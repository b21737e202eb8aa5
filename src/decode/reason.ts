/**
 * Why a frame was not decoded down to a transport header. The list is closed: malformed input is a value with a
 * counter, never an exception.
 */
export const Reason = {
  /** Decoded. */
  none: 0,
  /** The link type has no decoder. */
  linkType: 1,
  /** The frame ends inside its link header. */
  linkHeader: 2,
  /** More VLAN tags, MPLS labels or netfilter values than any sender stacks. */
  linkDepth: 3,
  /** Not IP: spanning tree, ARP answers and the like. */
  notIp: 4,
  /** The version field contradicts the link layer. */
  ipVersion: 5,
  /** The frame ends inside the IP header. */
  ipHeader: 6,
  /** Header length and total length contradict each other or the frame. */
  ipLength: 7,
  /** A fragment without the whole transport header; reassembly may complete it. */
  fragment: 8,
  /** An IP protocol that hosts speak, but that has no decoder here. */
  otherProtocol: 9,
  /** The packet ends inside its TCP, UDP, SCTP or ICMP header. */
  transportHeader: 10,
  /** TCP data offset below 5 or beyond the segment; UDP or SCTP chunk length too short or beyond the datagram. */
  transportLength: 11,
  /** The IPv4 header checksum is wrong. */
  ipChecksum: 12,
  /** The transport checksum is wrong. */
  transportChecksum: 13,
  /** An IPv4-mapped address in an IPv6 header. It is never valid on a wire, and this host drops the packet. */
  mappedAddress: 14,
  /** The fragment overlaps another of its datagram, or contradicts its length; the datagram is dropped, as in Linux. */
  fragmentOverlap: 15,
} as const;

/** One of the values of `Reason`. */
export type Reason = (typeof Reason)[keyof typeof Reason];

const TEXT: readonly string[] = [
  'decoded',
  'unknown link type',
  'cut link header',
  'too many tags or labels',
  'not IP',
  'wrong IP version',
  'cut IP header',
  'bad IP length',
  'fragment without header',
  'other IP protocol',
  'cut transport header',
  'bad transport length',
  'wrong IP checksum',
  'wrong transport checksum',
  'IPv4-mapped address in IPv6',
  'overlapping fragments',
];

/** The number of reasons including `none`: the length of every array that is indexed by a reason. */
export const REASON_COUNT = TEXT.length;

/** The text of a reason in the replay summary and in `status`. */
export function reasonText(reason: number): string {
  return TEXT[reason] ?? `reason ${reason}`;
}
