/**
 * What the IP layer says of a fragment: which part of its datagram it is, and where its octets are. Addresses and
 * family stand in the packet. Good while the packet is `fragmented`.
 */
export class Fragment {
  /** 16 bits (RFC 791, section 3.1) or 32 (RFC 8200, section 4.5). */
  identification = 0;
  /** IANA number of what the datagram carries; over IPv6 the next header behind the fragment header. */
  protocol = 0;
  /** Where the part begins in what the datagram carries, in octets. */
  offset = 0;
  /** More parts follow behind this one. */
  more = false;
  /** Where its octets begin in the buffer that was decoded. */
  start = 0;
  /** How many there are by the IP header's word, and how many of them were captured. */
  length = 0;
  captured = 0;
}
