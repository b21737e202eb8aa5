/**
 * Why a frame was not decoded down to a TCP or UDP header. A closed list: malformed input is a value with a
 * counter, never an exception (style, habit 4).
 */
export const Reason = {
  /** Decoded. */
  none: 0,
  /** The link type has no decoder. */
  linkType: 1,
  /** The frame ends inside its link header. */
  linkHeader: 2,
  /** More VLAN tags, MPLS labels or netfilter values than anybody stacks. */
  linkDepth: 3,
  /** Not IP: ARP, spanning tree and the like. */
  notIp: 4,
  /** The version field does not fit the link layer's word. */
  ipVersion: 5,
  /** The frame ends inside the IP header. */
  ipHeader: 6,
  /** Header length or total length contradict each other or the frame. */
  ipLength: 7,
  /** More IPv6 extension headers than the walk takes. */
  ipv6Extensions: 8,
  /** A fragment without the whole transport header; perhaps one with others has it. */
  fragment: 9,
  /** IP, but neither TCP nor UDP. */
  otherProtocol: 10,
  /** The packet ends inside its TCP or UDP header. */
  transportHeader: 11,
  /** TCP data offset below 5 or beyond the segment, UDP length below 8 or beyond the datagram. */
  transportLength: 12,
  /** The IPv4 header checksum is wrong. */
  ipChecksum: 13,
  /** The TCP or UDP checksum is wrong. */
  transportChecksum: 14,
  /** An IPv6 header with an IPv4-mapped address: never valid on a wire, this host drops it. */
  mappedAddress: 15,
  /** It overlaps a fragment of its datagram, or says another length: the datagram is dropped, as Linux drops it. */
  fragmentOverlap: 16,
} as const;

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
  'too many IPv6 extension headers',
  'fragment without header',
  'other IP protocol',
  'cut TCP or UDP header',
  'bad TCP or UDP length',
  'wrong IP checksum',
  'wrong TCP or UDP checksum',
  'IPv4-mapped address in IPv6',
  'overlapping fragments',
];

/** How many reasons there are, `none` included: the length of every array that is indexed by a reason. */
export const REASON_COUNT = TEXT.length;

/** The words of the replay summary and of `status`. */
export function reasonText(reason: number): string {
  return TEXT[reason] ?? `reason ${reason}`;
}
