import { PROTOCOL_TCP } from '../net/protocol.ts';

/**
 * Filter terms for packets inside packets. Only initial TCP segments pass, which the flags show, to any port and, where
 * the filter language cannot name the inner address, to any host; user space sorts them out. Datagrams do not pass,
 * because all those of an honest tunnel would reach user space.
 */

/** ACK and RST: a segment with either flag is an answer or belongs to a connection. */
export const ACK_OR_RST = '0x14';

// Lengths of headers and offsets of fields (RFC 791, section 3.1; RFC 8200, section 3; RFC 9293, section 3.1).
const IPV4_LENGTH = 20;
const IPV4_PROTOCOL = 9;
const IPV6_LENGTH = 40;
/** Without options (RFC 2784, section 2). */
const GRE_LENGTH = 4;
const IPV6_NEXT_HEADER = 6;
const TCP_FLAGS = 13;

/** The first octet of an IPv4 header without options. */
const IPV4_START = 0x45;

/** The terms for tunnels over IPv4 without options: IPIP, 6in4, and GRE with either family inside. */
export function ipv4TunnelTerms(): string[] {
  const within = (protocol: number) => `ip proto ${protocol} and ip[0] = ${IPV4_START}`;
  const gre = `${within(47)} and ip[${IPV4_LENGTH}:4]`;
  return [
    `${within(4)} and ${segmentInIpv4('ip', IPV4_LENGTH)}`,
    `${within(41)} and ${segmentInIpv6('ip', IPV4_LENGTH)}`,
    `${gre} = 0x0800 and ${segmentInIpv4('ip', IPV4_LENGTH + GRE_LENGTH)}`,
    `${gre} = 0x86dd and ${segmentInIpv6('ip', IPV4_LENGTH + GRE_LENGTH)}`,
  ];
}

/** The terms for tunnels over IPv6: 4in6 and 6in6. */
export function ipv6TunnelTerms(): string[] {
  return [
    `ip6[${IPV6_NEXT_HEADER}] = 4 and ${segmentInIpv4('ip6', IPV6_LENGTH)}`,
    `ip6[${IPV6_NEXT_HEADER}] = 41 and ${segmentInIpv6('ip6', IPV6_LENGTH)}`,
  ];
}

/** The EtherType; in an 802.3 frame, the length. */
const ETHER_TYPE = 'ether[12:2]';

/**
 * The terms for Ethernet frames that the filter does not recognise as IP: PPPoE sessions (RFC 2516, section 4), one or
 * two MPLS labels (RFC 3032, section 2.1), and 802.3 with SNAP (RFC 1042).
 */
export function etherWrappedTerms(): string[] {
  const mpls = `${ETHER_TYPE} = 0x8847`;
  const snap = `${ETHER_TYPE} <= 1500 and ether[14:4] = 0xaaaa0300 and ether[18:4]`;
  const pppoe = `${ETHER_TYPE} = 0x8864 and ether[20:2]`;
  return [
    `${pppoe} = 0x0021 and ${segmentInIpv4('ether', 22)}`,
    `${pppoe} = 0x0057 and ${segmentInIpv6('ether', 22)}`,
    // The lowest bit of the third octet of a label marks the last label.
    `${mpls} and ether[16] & 1 = 1 and (${segmentInEither(18)})`,
    `${mpls} and ether[16] & 1 = 0 and ether[20] & 1 = 1 and (${segmentInEither(22)})`,
    `${snap} = 0x0800 and ${segmentInIpv4('ether', 22)}`,
    `${snap} = 0x86dd and ${segmentInIpv6('ether', 22)}`,
  ];
}

function segmentInEither(start: number): string {
  return `(${segmentInIpv4('ether', start)}) or (${segmentInIpv6('ether', start)})`;
}

/** An initial segment in an IPv4 packet without options, which begins `start` octets after the start of `field`. */
function segmentInIpv4(field: 'ip' | 'ip6' | 'ether', start: number): string {
  const protocol = `${field}[${start + IPV4_PROTOCOL}] = ${PROTOCOL_TCP}`;
  return `${field}[${start}] = ${IPV4_START} and ${protocol} and ${isInitial(field, start + IPV4_LENGTH)}`;
}

/** The same in an IPv6 packet without extension headers. */
function segmentInIpv6(field: 'ip' | 'ip6' | 'ether', start: number): string {
  const version = `${field}[${start}] & 0xf0 = 0x60`;
  const next = `${field}[${start + IPV6_NEXT_HEADER}] = ${PROTOCOL_TCP}`;
  return `${version} and ${next} and ${isInitial(field, start + IPV6_LENGTH)}`;
}

function isInitial(field: string, start: number): string {
  return `${field}[${start + TCP_FLAGS}] & ${ACK_OR_RST} = 0`;
}
