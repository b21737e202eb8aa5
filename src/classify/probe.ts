import { Packet } from '../decode/packet.ts';
import { Address } from '../net/address.ts';
import { PROTOCOL_TCP } from '../net/protocol.ts';
import { Kind } from './kind.ts';

/**
 * A packet that probes a watched port. One object is reused for all probes of a stream, so a caller that keeps a
 * field copies it.
 */
export class Probe {
  /** Milliseconds since the epoch, with fractions. */
  time = 0;
  kind: Kind = Kind.none;
  /** IANA protocol number. */
  protocol = PROTOCOL_TCP;
  readonly source = new Address();
  readonly destination = new Address();
  sourcePort = 0;
  /** For `icmp` the message type, for `ip-protocol` the protocol number. */
  destinationPort = 0;
  /** Time to live (RFC 791) or hop limit (RFC 8200). */
  ttl = 0;
  /** The six low flag bits (RFC 9293, section 3.1); 0 when it is not TCP. */
  tcpFlags = 0;
  /** The IPv4 header has options, or the IPv6 header is followed by hop-by-hop, routing or destination options. */
  ipOptions = false;
  /** The packet arrived in fragments. */
  fragmented = false;
  /** IPv4 identification, 0 for IPv6. */
  identification = 0;
  /** TCP sequence number, 0 for UDP. */
  sequence = 0;
  /** TCP window, 0 for UDP. */
  window = 0;
  /** Octets of the TCP header, 0 for UDP. */
  tcpHeaderLength = 0;
  /** The first 32 bits of the TCP options; 0 when there are none or they were not captured. */
  firstOption = 0;
  /** In a replay, the number of the capture, counted from 0, and of the frame in it, counted from 1. */
  file = 0;
  frame = 0;
}

/** A packet that can become a probe without being copied. */
export class PacketProbe extends Packet implements Probe {
  kind: Kind = Kind.none;
  file = 0;
  frame = 0;
}
