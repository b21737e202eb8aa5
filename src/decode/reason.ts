/**
 * Why a frame was not decoded down to a transport header. A closed list: malformed input is a value with a
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
  /** IP, and of a protocol that hosts speak, but none that is decoded. */
  otherProtocol: 10,
  /** The packet ends inside its TCP, UDP, SCTP or ICMP header. */
  transportHeader: 11,
  /** TCP data offset below 5 or beyond the segment, UDP or SCTP chunk length too short or beyond the datagram. */
  transportLength: 12,
  /** The IPv4 header checksum is wrong. */
  ipChecksum: 13,
  /** The checksum of the transport is wrong. */
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
  'cut transport header',
  'bad transport length',
  'wrong IP checksum',
  'wrong transport checksum',
  'IPv4-mapped address in IPv6',
  'overlapping fragments',
];

/** How many reasons there are, `none` included: the length of every array that is indexed by a reason. */
export const REASON_COUNT = TEXT.length;

/** The words of the replay summary and of `status`. */
export function reasonText(reason: number): string {
  return TEXT[reason] ?? `reason ${reason}`;
}
