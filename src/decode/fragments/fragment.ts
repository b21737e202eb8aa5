/**
 * One fragment as the IP layer describes it: its place in the datagram and its octets in the buffer. The addresses
 * and the family are the packet's. Valid only while the packet is `fragmented`.
 */
export class Fragment {
  /** 16 bits (RFC 791, section 3.1) or 32 (RFC 8200, section 4.5). */
  identification = 0;
  /** IANA protocol number of the payload; over IPv6 the next header behind the fragment header. */
  protocol = 0;
  /** Where the fragment begins in the datagram's payload, in octets. */
  offset = 0;
  /** More fragments follow behind this one. */
  more = false;
  /** Where its octets begin in the decoded buffer. */
  start = 0;
  /** Octets according to the IP header, and octets captured. */
  length = 0;
  captured = 0;
}
