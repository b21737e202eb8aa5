import type { Packet } from '../decode/packet.ts';
import { ACK, FIN, RST, SYN } from '../decode/transport/tcp.ts';
import { Address } from '../net/address.ts';
import { PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_TCP, PROTOCOL_UDP } from '../net/protocol.ts';

/** The longest link header, in octets: that of Linux cooked frames, version 2. */
const MAX_LINK_HEADER = 20;
const IPV4_MIN_HEADER_LENGTH = 20;
const IPV6_HEADER_LENGTH = 40;

// RFC 792 and RFC 4443, section 3.1. The packet that could not be delivered follows the header.
const ICMP_CODE = 1;
const ICMP_HEADER_LENGTH = 8;
const ICMP_UNREACHABLE = 3;
const ICMP_PROTOCOL_UNREACHABLE = 2;
const ICMP_PORT_UNREACHABLE = 3;
const ICMPV6_UNREACHABLE = 1;
const ICMPV6_PORT_UNREACHABLE = 4;
/** RFC 791 and RFC 8200, within the quoted packet. */
const IPV4_PROTOCOL = 9;
const IPV4_DESTINATION = 16;
const IPV6_NEXT_HEADER = 6;
/** The two ports of TCP and UDP. */
const PORTS_LENGTH = 4;

/** How this host answers a probe: its port is open, or closed, or an ICMP message says that nobody is there. */
export const AnswerKind = { synAck: 1, reset: 2, unreachable: 3 } as const;

/** One of these. */
export type AnswerKind = (typeof AnswerKind)[keyof typeof AnswerKind];

/** An answer of this host that left it; ports and addresses are those of the probe, seen from this host. */
export class LeftAnswer {
  /** Ms since the epoch, with fractions. */
  time = 0;
  kind: AnswerKind = AnswerKind.synAck;
  /** The protocol of the probe that was answered. */
  protocol = 0;
  /** This host's address, and the port that was probed; the protocol number where there are no ports. */
  readonly source = new Address();
  sourcePort = 0;
  /** The source of the probe. */
  readonly destination = new Address();
  destinationPort = 0;
}

/**
 * Whether a packet that the kernel filter passed is this host's own answer to a probe; fills `answer` then. Only the
 * plain form counts, because only there does the filter check for this host's hardware address. Anybody may have sent a
 * wrapped, extended or fragmented one, to make a port look open before probing it.
 */
export function readAnswer(packet: Packet, view: DataView, answer: LeftAnswer): boolean {
  return packet.ipOffset <= MAX_LINK_HEADER && readLeftAnswer(packet, view, answer);
}

/** The same of a packet that left this host, by the word of the kernel. */
export function readLeftAnswer(packet: Packet, view: DataView, answer: LeftAnswer): boolean {
  if (packet.fragmented) return false;
  const headerLength = packet.family === 4 ? packet.ipv4HeaderLength : IPV6_HEADER_LENGTH;
  if (packet.transportOffset !== packet.ipOffset + headerLength) return false;
  answer.time = packet.time;
  answer.source.set(packet.source);
  answer.destination.set(packet.destination);
  switch (packet.protocol) {
    case PROTOCOL_TCP:
      return readSegment(packet, answer);
    case PROTOCOL_ICMP:
      return packet.messageType === ICMP_UNREACHABLE && readUnreachable4(packet, view, answer);
    case PROTOCOL_ICMPV6:
      return packet.messageType === ICMPV6_UNREACHABLE && readUnreachable6(packet, view, answer);
    default:
      return false;
  }
}

function readSegment({ tcpFlags, sourcePort, destinationPort }: Packet, answer: LeftAnswer): boolean {
  const flags = tcpFlags & (SYN | ACK | RST | FIN);
  if (flags === (SYN | ACK)) answer.kind = AnswerKind.synAck;
  else if ((flags & ~ACK) === RST) answer.kind = AnswerKind.reset;
  else return false;
  answer.protocol = PROTOCOL_TCP;
  answer.sourcePort = sourcePort;
  answer.destinationPort = destinationPort;
  return true;
}

/**
 * Linux itself says "port unreachable" of UDP, and "protocol unreachable" of a protocol that it does not speak. Of TCP
 * it never does: then a firewall rejects.
 */
function readUnreachable4(packet: Packet, view: DataView, answer: LeftAnswer): boolean {
  const quoted = packet.transportOffset + ICMP_HEADER_LENGTH;
  const end = Math.min(packet.transportOffset + packet.transportLength, view.byteLength);
  if (end < quoted + IPV4_MIN_HEADER_LENGTH) return false;
  const protocol = view.getUint8(quoted + IPV4_PROTOCOL);
  const code = view.getUint8(packet.transportOffset + ICMP_CODE);
  if (view.getUint32(quoted + IPV4_DESTINATION) !== packet.source.w3 >>> 0) return false;
  if (code === ICMP_PROTOCOL_UNREACHABLE && protocol !== PROTOCOL_TCP && protocol !== PROTOCOL_UDP)
    return fillUnreachable(answer, protocol, 0, protocol);
  const ports = quoted + ((view.getUint8(quoted) & 0x0f) << 2);
  if (code !== ICMP_PORT_UNREACHABLE || protocol !== PROTOCOL_UDP || end < ports + PORTS_LENGTH) return false;
  return fillUnreachable(answer, protocol, view.getUint16(ports), view.getUint16(ports + 2));
}

function readUnreachable6(packet: Packet, view: DataView, answer: LeftAnswer): boolean {
  const quoted = packet.transportOffset + ICMP_HEADER_LENGTH;
  const ports = quoted + IPV6_HEADER_LENGTH;
  const end = Math.min(packet.transportOffset + packet.transportLength, view.byteLength);
  if (end < ports + PORTS_LENGTH) return false;
  const code = view.getUint8(packet.transportOffset + ICMP_CODE);
  const protocol = view.getUint8(quoted + IPV6_NEXT_HEADER);
  if (code !== ICMPV6_PORT_UNREACHABLE || protocol !== PROTOCOL_UDP) return false;
  return fillUnreachable(answer, protocol, view.getUint16(ports), view.getUint16(ports + 2));
}

function fillUnreachable(answer: LeftAnswer, protocol: number, prober: number, probed: number): true {
  answer.kind = AnswerKind.unreachable;
  answer.protocol = protocol;
  answer.sourcePort = probed;
  answer.destinationPort = prober;
  return true;
}
