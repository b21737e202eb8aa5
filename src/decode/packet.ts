import { Address } from '../net/address.ts';
import { Fragment } from './fragments/fragment.ts';

/**
 * One packet, decoded as far as its ports. A single object is filled again and again; nothing in it survives
 * the next frame. Offsets are absolute positions in the buffer that was decoded.
 */
export class Packet {
  /** Milliseconds since the epoch, with fractions. */
  time = 0;
  /** The frame was sent to a link-layer group address (broadcast or multicast). */
  linkGroup = false;
  /** 4 or 6. */
  family = 4;
  /** IANA number of the transport that was decoded. */
  protocol = 0;
  /** Time to live (RFC 791), hop limit (RFC 8200): how many routers more would have passed it on. */
  ttl = 0;
  readonly source = new Address();
  readonly destination = new Address();
  /** Options in the IPv4 header; hop-by-hop, routing or destination options before the IPv6 payload. */
  ipOptions = false;
  /** It came in fragments: this is one, or what was put together from them. */
  fragmented = false;
  /** Which fragment it is. */
  readonly fragment = new Fragment();
  /** IPv4 identification (RFC 791, section 3.1); 0 for IPv6. */
  identification = 0;
  sourcePort = 0;
  /** Of ICMP the type, of a protocol that nobody speaks its number. */
  destinationPort = 0;
  /** The six low flag bits of TCP; 0 for all others. */
  tcpFlags = 0;
  sequence = 0;
  window = 0;
  /** Only after `readTcpOptions`: octets of the TCP header, 0 for UDP; and its first option word, 0 for none. */
  tcpHeaderLength = 0;
  firstOption = 0;
  /** The type of SCTP's first chunk, or of the ICMP message. Says nothing of TCP and UDP. */
  messageType = 0;

  /** Where the IP header begins, and how long the IPv4 header is (0 for IPv6, which has no checksum). */
  ipOffset = 0;
  ipv4HeaderLength = 0;
  /** Where the transport's header begins, and its length with the payload by the IP header's word. */
  transportOffset = 0;
  transportLength = 0;
  /** All of `transportLength` was captured, and it is no mere fragment: its checksum can be checked. */
  complete = false;

  /** What takes the place of ports and flags in a packet that is neither TCP nor UDP. */
  setPortless(destinationPort: number, messageType: number): void {
    this.sourcePort = 0;
    this.destinationPort = destinationPort;
    this.messageType = messageType;
    this.tcpFlags = 0;
    this.sequence = 0;
    this.window = 0;
  }
}
