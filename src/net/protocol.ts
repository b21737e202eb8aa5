/** The IANA protocol number of TCP. */
export const PROTOCOL_TCP = 6;
/** The IANA protocol number of UDP. */
export const PROTOCOL_UDP = 17;
/** The IANA protocol number of SCTP. */
export const PROTOCOL_SCTP = 132;
/** The IANA protocol number of ICMP (RFC 792). */
export const PROTOCOL_ICMP = 1;
/** The IANA protocol number of ICMPv6 (RFC 4443). */
export const PROTOCOL_ICMPV6 = 58;

/** Stands for ARP, which is no IP protocol: its EtherType, above every protocol number. */
export const PROTOCOL_ARP = 0x0806;

/** The transports that have modes. */
export type ModeTransport = 'tcp' | 'udp';

/** The transport of a probe; `ip` stands for every other IP protocol. */
export type Transport = ModeTransport | 'sctp' | 'icmp' | 'arp' | 'ip';

const TRANSPORTS: Readonly<Record<number, Transport>> = {
  [PROTOCOL_TCP]: 'tcp',
  [PROTOCOL_UDP]: 'udp',
  [PROTOCOL_SCTP]: 'sctp',
  [PROTOCOL_ICMP]: 'icmp',
  [PROTOCOL_ICMPV6]: 'icmp',
  [PROTOCOL_ARP]: 'arp',
};

/** The name of the transport as the Elastic Common Schema and our own files spell it. */
export function transportOf(protocol: number): Transport {
  return TRANSPORTS[protocol] ?? 'ip';
}

/** The order of transports by name, for `sort`. */
export function compareTransports(one: Transport, other: Transport): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** The transport whose mode and policy apply to a probe: only TCP and UDP have their own, all others use those of TCP. */
export function modeTransportOf(transport: Transport): ModeTransport {
  return transport === 'udp' ? 'udp' : 'tcp';
}

/**
 * Protocol numbers that an honest neighbour may send to this host, whether or not the host speaks them: routing
 * (IGRP, EIGRP, OSPF, IS-IS, PIM, RSVP), redundancy (VRRP and CARP, pfsync), tunnels (IPIP, 6in4, GRE, EtherIP,
 * L2TP, MPLS, Ethernet, IPComp, ESP, AH), the other transports (DCCP, UDP-Lite, HIP, Shim6, mobility), groups
 * (IGMP), and IPv6's "no next header".
 */
export const SPOKEN_PROTOCOLS: readonly number[] = [
  PROTOCOL_ICMP,
  2, // IGMP
  4, // IPv4 in IP
  PROTOCOL_TCP,
  8, // EGP
  9, // IGRP
  PROTOCOL_UDP,
  33, // DCCP
  41, // IPv6 in IP
  46, // RSVP
  47, // GRE
  50, // ESP
  51, // AH
  PROTOCOL_ICMPV6,
  59, // no next header
  88, // EIGRP
  89, // OSPF
  94, // the obsolete IPIP
  97, // EtherIP
  98, // encapsulation
  103, // PIM
  108, // IPComp
  112, // VRRP, CARP
  115, // L2TP
  124, // IS-IS
  PROTOCOL_SCTP,
  135, // mobility
  136, // UDP-Lite
  137, // MPLS in IP
  139, // HIP
  140, // Shim6
  143, // Ethernet
  240, // pfsync
];

const SPOKEN: ReadonlySet<number> = new Set(SPOKEN_PROTOCOLS);

/** Whether the protocol is ICMP of either family. */
export function isIcmp(protocol: number): boolean {
  return protocol === PROTOCOL_ICMP || protocol === PROTOCOL_ICMPV6;
}

/** Whether a host that nobody scans receives packets of this IP protocol. */
export function isSpoken(protocol: number): boolean {
  return SPOKEN.has(protocol);
}
