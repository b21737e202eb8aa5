import type { Packet } from '../decode/packet.ts';
import { ICMP_ECHO, ICMP_MASK, ICMP_TIMESTAMP, ICMPV6_ECHO } from '../decode/transport/icmp.ts';
import { CHUNK_COOKIE_ECHO, CHUNK_INIT } from '../decode/transport/sctp.ts';
import { TCP_HEADER_LENGTH } from '../decode/transport/tcp.ts';
import type { Address } from '../net/address.ts';
import {
  PROTOCOL_ARP,
  PROTOCOL_ICMP,
  PROTOCOL_ICMPV6,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
} from '../net/protocol.ts';
import { kindOfFlags } from './flags.ts';
import { isWeak, Kind } from './kind.ts';
import type { Probe } from './probe.ts';

/**
 * The kind of probe that a decoded packet is when it goes to a watched port; `Kind.none` when it cannot be a probe,
 * whatever is watched: it is part of a connection, or sent to a group of hosts. Callers that know the connections
 * decide whether a bare ACK or FIN/ACK belongs to one.
 */
export function classify(packet: Packet): Kind {
  // A request for an address goes to all hosts.
  if (packet.protocol === PROTOCOL_ARP) return Kind.arp;
  const kind = packet.protocol === PROTOCOL_TCP ? kindOfSegment(packet) : kindOfOther(packet);
  return kind !== Kind.none && isUnicast(packet) ? kind : Kind.none;
}

/**
 * A scanner's ACK or FIN/ACK is a bare header. A segment with data belongs to a connection, and so does one with
 * options: a host that negotiated timestamps sends them with each segment (RFC 7323, section 3.2).
 */
function kindOfSegment(packet: Packet): Kind {
  const kind = kindOfFlags(packet.tcpFlags);
  return isWeak(kind) && packet.transportLength !== TCP_HEADER_LENGTH ? Kind.none : kind;
}

function kindOfOther({ protocol, messageType }: Packet): Kind {
  switch (protocol) {
    case PROTOCOL_UDP:
      return Kind.udp;
    case PROTOCOL_SCTP:
      if (messageType === CHUNK_INIT) return Kind['sctp-init'];
      return messageType === CHUNK_COOKIE_ECHO ? Kind['sctp-cookie-echo'] : Kind.none;
    case PROTOCOL_ICMP:
      return ICMP_REQUESTS.includes(messageType) ? Kind.icmp : Kind.none;
    case PROTOCOL_ICMPV6:
      return messageType === ICMPV6_ECHO ? Kind.icmp : Kind.none;
    default:
      return Kind['ip-protocol'];
  }
}

/** The requests of nmap -PE, -PP and -PM. */
const ICMP_REQUESTS: readonly number[] = [ICMP_ECHO, ICMP_TIMESTAMP, ICMP_MASK];

/** Fills the reused probe from the packet that was classified. */
export function fillProbe(probe: Probe, packet: Packet, kind: Kind): void {
  probe.time = packet.time;
  probe.kind = kind;
  probe.protocol = packet.protocol;
  probe.source.set(packet.source);
  probe.destination.set(packet.destination);
  probe.sourcePort = packet.sourcePort;
  probe.destinationPort = packet.destinationPort;
  probe.ttl = packet.ttl;
  probe.tcpFlags = packet.tcpFlags;
  probe.ipOptions = packet.ipOptions;
  probe.fragmented = packet.fragmented;
  probe.identification = packet.identification;
  probe.sequence = packet.sequence;
  probe.window = packet.window;
  probe.tcpHeaderLength = packet.tcpHeaderLength;
  probe.firstOption = packet.firstOption;
}

function isUnicast(packet: Packet): boolean {
  return !packet.linkGroup && !isGroupAddress(packet.destination);
}

/** Whether it is multicast (RFC 1112; RFC 4291, section 2.7) or the limited broadcast (RFC 919). */
export function isGroupAddress(address: Address): boolean {
  if (address.isV4) return address.w3 >>> 28 === 0xe || address.w3 === 0xffffffff;
  return address.w0 >>> 24 === 0xff;
}
