import { Address } from '../net/address.ts';
import { Fragment } from './fragments/fragment.ts';

/**
 * One packet, decoded as far as its ports. A single object is refilled for each frame. Offsets are absolute positions
 * in the decoded buffer.
 */
export class Packet {
  /** Milliseconds since the epoch, with fractions. */
  time = 0;
  /** The frame's link-layer destination is a group address (broadcast or multicast). */
  linkGroup = false;
  /** 4 or 6. */
  family = 4;
  /** IANA number of the decoded transport. */
  protocol = 0;
  /** Time to live (RFC 791) or hop limit (RFC 8200). */
  ttl = 0;
  readonly source = new Address();
  readonly destination = new Address();
  /** The IPv4 header has options, or the IPv6 header is followed by hop-by-hop, routing or destination options. */
  ipOptions = false;
  /** The packet is a fragment, or was reassembled from fragments. */
  fragmented = false;
  readonly fragment = new Fragment();
  /** IPv4 identification (RFC 791, section 3.1); 0 for IPv6. */
  identification = 0;
  sourcePort = 0;
  /** For ICMP the message type; for a protocol that no host speaks, its number. */
  destinationPort = 0;
  /** The six low TCP flag bits; 0 for other protocols. */
  tcpFlags = 0;
  sequence = 0;
  window = 0;
  /** Set by `readTcpOptions`: octets of the TCP header, 0 for UDP; the first 32 bits of its options, 0 for none. */
  tcpHeaderLength = 0;
  firstOption = 0;
  /** The type of the first SCTP chunk, or of the ICMP message. Meaningless for TCP and UDP. */
  messageType = 0;

  /** Where the IP header begins, and the length of the IPv4 header (0 for IPv6, which has no checksum). */
  ipOffset = 0;
  ipv4HeaderLength = 0;
  /** Where the transport header begins, and its length with the payload according to the IP header. */
  transportOffset = 0;
  transportLength = 0;
  /** All of `transportLength` was captured and is not a mere fragment, so its checksum can be verified. */
  complete = false;

  /** Sets the fields that replace ports and flags in a packet that is neither TCP nor UDP. */
  setPortless(destinationPort: number, messageType: number): void {
    this.sourcePort = 0;
    this.destinationPort = destinationPort;
    this.messageType = messageType;
    this.tcpFlags = 0;
    this.sequence = 0;
    this.window = 0;
  }
}
