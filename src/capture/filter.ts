import { PORT_COUNT, type PortRange, type PortSet } from '../config/ports.ts';
import type { Address } from '../net/address.ts';
import { PROTOCOL_SCTP, PROTOCOL_TCP } from '../net/protocol.ts';
import { ACK_OR_RST, etherWrappedTerms, ipv4TunnelTerms, ipv6TunnelTerms } from './filter-wrapped.ts';

/**
 * Port ranges in one filter. The optimizer of libpcap is quadratic in OR-ed terms: 100 ports take 20 ms, 1,000 take 13 s.
 * Above this limit, neighbouring ranges are merged, and user space drops the packets to the ports between them.
 */
export const MAX_FILTER_RANGES = 40;

/** Addresses in one filter, for the same reason. On a host with more, packets to every address pass. */
export const MAX_FILTER_ADDRESSES = 16;

/**
 * Port ranges to which bare segments pass. Such ranges are never merged over a port in use, because every
 * acknowledgement to that port would pass. Above this limit, the smallest ranges are left out.
 */
const MAX_IDLE_RANGES = 8;

/** Source port ranges whose answers pass. An answer only shows that a port is open, so merging them does no harm. */
const MAX_ANSWER_RANGES = 4;

/**
 * Destination ports of this host's own queries whose answers could look like probes. The answers of DNS and NTP may
 * arrive after a short-lived socket is gone; those of DHCP go to a port that no socket holds.
 */
const QUERY_PORTS = [53, 67, 123, 547];

/** The handshakes of QUIC are such queries, too. Only they have a long header (RFC 9000, section 17.2). */
const QUIC_PORT = 443;
const QUIC_LONG_HEADER = '0x80';

/** The ports of one protocol to which packets pass. */
export interface PortPlan {
  /** The watched ports that no service uses permanently. */
  readonly pass: PortSet;
  /** The ports that a service uses permanently. Ranges are merged over them only as the last resort. */
  readonly keepOut: PortSet;
}

/** What may be a probe to the addresses of this host in one family. */
export interface FamilyPlan {
  readonly addresses: readonly Address[];
  readonly tcp: PortPlan;
  readonly udp: PortPlan;
  /** The ports to which bare segments pass: those that no connection of this host uses. */
  readonly idle: PortPlan;
}

/** What the filter lets pass. */
export interface FilterPlan {
  readonly v4: FamilyPlan;
  readonly v6: FamilyPlan;
  /** Segments with flags that no honest host sends pass to every port, in use or not. */
  readonly impossible: boolean;
  /** Segments with these values of the six low flag bits do not begin a connection. They pass as bare headers only. */
  readonly bareFlags: readonly number[];
  /** The types of the first SCTP chunk that pass, to any port, because such packets are rare. */
  readonly chunkTypes: readonly number[];
  /** IP protocols that do not pass; all others do. An empty list means that no other protocol passes. */
  readonly busyProtocols: readonly number[];
  /** Questions of neighbours for addresses (ARP) pass. */
  readonly arp: boolean;
  /** The types of ICMP messages that pass. */
  readonly icmpTypes: readonly number[];
  /** This host's resets and ICMP "unreachable" pass, where the device has a hardware address to know them by. */
  readonly refusals: boolean;
  readonly icmpv6Types: readonly number[];
}

// Offsets from the start of the packet, for IPv6 without extension headers (RFC 8200, section 3).
const IP6_PAYLOAD_LENGTH = 'ip6[4:2]';
const IP6_NEXT_HEADER = 'ip6[6]';
const IP6_SOURCE_PORT = 'ip6[40:2]';
const IP6_DESTINATION_PORT = 'ip6[42:2]';
const IP6_TCP_FLAGS = 'ip6[53]';
const IP6_CHUNK_TYPE = 'ip6[52]';
const IP6_ICMP_TYPE = 'ip6[40]';
/** The first octet after the UDP header. */
const UDP_DATA = 'udp[8]';
const IP6_UDP_DATA = 'ip6[48]';
const IP6_FRAGMENT_NEXT_HEADER = 'ip6[40]';
/** In octets, with the flags in the low bits masked out. */
const IP6_FRAGMENT_OFFSET = 'ip6[42:2] & 0xfff8';
const IP6_FRAGMENT_DESTINATION_PORT = 'ip6[50:2]';
// RFC 791, section 3.1. The fragment offset is in units of 8 octets.
const IP_FRAGMENT_OFFSET = 'ip[6:2] & 0x1fff';
const IP_PROTOCOL = 'ip[9]';
const IP_MORE_FRAGMENTS = 'ip[6] & 0x20';
const IP_PAYLOAD_LENGTH = 'ip[2:2] - ((ip[0] & 0x0f) << 2)';
/**
 * Later fragments that can hold part of a TCP header begin below this offset. Honest senders cut large datagrams at the
 * MTU, which is 552 octets or more, so their second fragment begins at octet 512 or later.
 */
const HEADER_FRAGMENT_BYTES = 64;
const TCP_HEADER_LENGTH = 20;
const SYN_AND_ACK = '0x12';
const RST = '0x04';
/** RFC 826. */
const ARP_REQUEST = 'arp[6:2] = 1';
/** A mask of the six low flag bits. */
const SIX_FLAGS = '0x3f';
/** The next headers for hop-by-hop options, routing, authentication, destination options and mobility. */
const IP6_EXTENSIONS = [0, 43, 51, 60, 135];

/**
 * The kernel filter, in the language of tcpdump. A packet that cannot be a probe never reaches user space, so honest
 * traffic costs nothing. These packets to this host pass:
 *
 * - initial segments (no ACK, no RST) and datagrams to watched ports;
 * - segments with flags that no honest host sends, to every port;
 * - bare headers with an ACK to ports that no connection uses;
 * - the SCTP chunks and ICMP types of the plan, and every IP protocol that is not busy;
 * - initial segments inside other packets;
 * - fragments that may hold part of a TCP header, because a first fragment may be too small for all of it.
 *
 * Of this host's own packets, its short queries pass, because they show that an answer is not a probe, and its SYN/ACKs,
 * because they show that a port is open, except those from ports that are known to be open; where KILL_ROUTE may block,
 * its refusals pass, too, because they show that a block is gone. If the device has a hardware
 * address, the host's own packets must carry it: a neighbour that forges them could hide the ports that it probes.
 *
 * The words `inbound` and `outbound` would express the same, but libpcap cannot evaluate them in user space, where it
 * filters the frames that arrived before the kernel had the filter. It loses the first frame (native-notes/libpcap.md).
 */
export function filterText(plan: FilterPlan, hardwareAddress: string | null): string {
  const { v4, v6 } = plan;
  const terms = [...familyTerms('ip', v4, ipv4Terms(plan)), ...familyTerms('ip6', v6, ipv6Terms(plan))];
  const sender = hardwareAddress === null ? '' : ` and ether src ${hardwareAddress}`;
  terms.push(...queryTerms('ip', v4, sender), ...queryTerms('ip6', v6, sender));
  terms.push(...answerTerms('ip', v4, sender), ...answerTerms('ip6', v6, sender));
  if (plan.refusals && hardwareAddress !== null)
    terms.push(...refusalTerms('ip', v4, sender), ...refusalTerms('ip6', v6, sender));
  const watchesTcp = [v4, v6].some(({ addresses, tcp }) => addresses.length > 0 && tcp.pass.size > 0);
  if (watchesTcp && hardwareAddress !== null) terms.push(...etherWrappedTerms());
  if (plan.arp && hardwareAddress !== null) terms.push(`${ARP_REQUEST} and not ether src ${hardwareAddress}`);
  // An empty filter would pass everything. This one passes nothing.
  return terms.length > 0 ? terms.map((term) => `(${term})`).join(' or ') : 'less 1';
}

/** Merges ranges until `maxRanges` are left. The narrowest gaps close first, those with a port of `keepOut` last. */
export function mergeRanges(ranges: readonly PortRange[], maxRanges: number, keepOut: PortSet): PortRange[] {
  const cost = (from: number, to: number) => to - from + (holdsAny(keepOut, from, to) ? PORT_COUNT : 0);
  const closed = new Set(
    ranges
      .slice(1)
      .map((range, index) => ({
        cost: cost((ranges[index] as PortRange).last, range.first),
        index: index + 1,
      }))
      .sort((a, b) => a.cost - b.cost)
      .slice(0, Math.max(0, ranges.length - maxRanges))
      .map(({ index }) => index),
  );
  const merged: PortRange[] = [];
  for (const [index, range] of ranges.entries()) {
    const first = closed.has(index) ? (merged.pop() as PortRange).first : range.first;
    merged.push({ first, last: range.last });
  }
  return merged;
}

function holdsAny(set: PortSet, from: number, to: number): boolean {
  for (let port = from; port <= to; port++) if (set.has(port)) return true;
  return false;
}

function familyTerms(family: 'ip' | 'ip6', { addresses }: FamilyPlan, terms: readonly string[]): string[] {
  if (addresses.length === 0 || terms.length === 0) return [];
  const any = terms.map((term) => `(${term})`).join(' or ');
  return [`${family}${hosts('dst', addresses)} and (${any})`];
}

function ipv4Terms(plan: FilterPlan): string[] {
  const { tcp, udp } = plan.v4;
  const terms: string[] = [];
  const fragmented = fragmentedProtocols(plan, plan.v4).map((protocol) => `ip proto ${protocol}`);
  if (fragmented.length > 0) {
    // This term precedes those that read the flags, because the filter rejects a packet without an octet that it reads.
    const isSmall = `${IP_MORE_FRAGMENTS} != 0 and ${IP_PAYLOAD_LENGTH} < ${TCP_HEADER_LENGTH}`;
    const ofHeader = `${IP_FRAGMENT_OFFSET} < ${HEADER_FRAGMENT_BYTES / 8}`;
    terms.push(
      `(${fragmented.join(' or ')}) and ${ofHeader} and (${IP_FRAGMENT_OFFSET} != 0 or (${isSmall}))`,
    );
  }
  if (tcp.pass.size > 0) terms.push(`tcp[13] & ${ACK_OR_RST} = 0 and (${portTerms('tcp[2:2]', tcp)})`);
  if (plan.impossible) terms.push(impossibleTerm('tcp[13]'));
  terms.push(...bareTerms(plan, plan.v4, 'tcp[13]', IP_PAYLOAD_LENGTH, 'tcp[2:2]'));
  if (udp.pass.size > 0) terms.push(`udp and (${portTerms('udp[2:2]', udp)})`);
  if (plan.chunkTypes.length > 0) terms.push(anyOf('sctp[12]', plan.chunkTypes));
  if (plan.icmpTypes.length > 0) terms.push(anyOf('icmp[0]', plan.icmpTypes));
  if (plan.busyProtocols.length > 0) terms.push(noneOf(IP_PROTOCOL, plan.busyProtocols));
  if (tcp.pass.size > 0) terms.push(...ipv4TunnelTerms());
  return terms;
}

function ipv6Terms(plan: FilterPlan): string[] {
  const { tcp, udp } = plan.v6;
  const terms: string[] = [];
  if (tcp.pass.size > 0) {
    const flags = `${IP6_TCP_FLAGS} & ${ACK_OR_RST} = 0`;
    terms.push(`${IP6_NEXT_HEADER} = 6 and ${flags} and (${portTerms(IP6_DESTINATION_PORT, tcp)})`);
  }
  if (plan.impossible) terms.push(`${IP6_NEXT_HEADER} = 6 and (${impossibleTerm(IP6_TCP_FLAGS)})`);
  terms.push(
    ...bareTerms(plan, plan.v6, IP6_TCP_FLAGS, IP6_PAYLOAD_LENGTH, IP6_DESTINATION_PORT).map(
      (term) => `${IP6_NEXT_HEADER} = 6 and ${term}`,
    ),
  );
  if (udp.pass.size > 0) {
    terms.push(`${IP6_NEXT_HEADER} = 17 and (${portTerms(IP6_DESTINATION_PORT, udp)})`);
  }
  if (plan.chunkTypes.length > 0)
    terms.push(`${IP6_NEXT_HEADER} = 132 and ${anyOf(IP6_CHUNK_TYPE, plan.chunkTypes)}`);
  if (plan.icmpv6Types.length > 0)
    terms.push(`${IP6_NEXT_HEADER} = 58 and ${anyOf(IP6_ICMP_TYPE, plan.icmpv6Types)}`);
  // The filter language cannot walk extension headers. Packets with them are rare and often hide a probe, so they pass.
  if (terms.length > 0) terms.push(isExtension(IP6_NEXT_HEADER), ...ipv6FragmentTerms(plan));
  // Fragments have terms of their own.
  if (plan.busyProtocols.length > 0) terms.push(noneOf(IP6_NEXT_HEADER, [...plan.busyProtocols, 44]));
  if (tcp.pass.size > 0) terms.push(...ipv6TunnelTerms());
  return terms;
}

/** The protocols whose packets are reassembled when the first fragment is too short. */
function fragmentedProtocols(plan: FilterPlan, family: FamilyPlan): number[] {
  const segments = family.tcp.pass.size > 0 || watchesBare(plan, family);
  return [...(segments ? [PROTOCOL_TCP] : []), ...(plan.chunkTypes.length > 0 ? [PROTOCOL_SCTP] : [])];
}

function watchesBare({ bareFlags }: FilterPlan, { idle }: FamilyPlan): boolean {
  return bareFlags.length > 0 && idle.pass.size > 0;
}

/** No flags at all, FIN without ACK, SYN with FIN or RST. */
function impossibleTerm(flags: string): string {
  return `${flags} & ${SIX_FLAGS} = 0 or ${flags} & 0x11 = 0x01 or (${flags} & 0x02 != 0 and ${flags} & 0x05 != 0)`;
}

/** A segment without data and options, which the length after the IP header shows. No honest Linux sends it. */
function bareTerms(
  plan: FilterPlan,
  family: FamilyPlan,
  flags: string,
  length: string,
  port: string,
): string[] {
  if (!watchesBare(plan, family)) return [];
  const ports = idleRanges(family.idle)
    .map(({ first, last }) => rangeTerm(port, first, last))
    .join(' or ');
  const isBare = `${anyOf(`${flags} & ${SIX_FLAGS}`, plan.bareFlags)} and ${length} = ${TCP_HEADER_LENGTH}`;
  return ports === '' ? [] : [`${isBare} and (${ports})`];
}

/** Closes the gaps without a port of `keepOut`, and returns the largest ranges of the result. */
function idleRanges({ pass, keepOut }: PortPlan): PortRange[] {
  const joined: PortRange[] = [];
  for (const range of pass.ranges()) {
    const before = joined.at(-1);
    if (before === undefined || holdsAny(keepOut, before.last, range.first)) joined.push(range);
    else joined[joined.length - 1] = { first: before.first, last: range.last };
  }
  const size = ({ first, last }: PortRange) => last - first;
  const largest = [...joined].sort((a, b) => size(b) - size(a)).slice(0, MAX_IDLE_RANGES);
  return joined.filter((range) => largest.includes(range));
}

function noneOf(field: string, values: readonly number[]): string {
  return values.map((value) => `${field} != ${value}`).join(' and ');
}

function anyOf(field: string, values: readonly number[]): string {
  return `(${values.map((value) => `${field} = ${value}`).join(' or ')})`;
}

/** Only the first fragment is judged by its next header; in later ones, it means nothing (RFC 8200, section 4.5). */
function ipv6FragmentTerms(plan: FilterPlan): string[] {
  const { udp } = plan.v6;
  const fragment = `${IP6_NEXT_HEADER} = 44`;
  const first = `${fragment} and ${IP6_FRAGMENT_OFFSET} = 0`;
  const terms = [
    `${fragment} and ${IP6_FRAGMENT_OFFSET} != 0 and ${IP6_FRAGMENT_OFFSET} < ${HEADER_FRAGMENT_BYTES}`,
    `${first} and (${[
      ...fragmentedProtocols(plan, plan.v6).map((protocol) => `${IP6_FRAGMENT_NEXT_HEADER} = ${protocol}`),
      isExtension(IP6_FRAGMENT_NEXT_HEADER),
    ].join(' or ')})`,
  ];
  if (udp.pass.size > 0) {
    const ports = portTerms(IP6_FRAGMENT_DESTINATION_PORT, udp);
    terms.push(`${first} and ${IP6_FRAGMENT_NEXT_HEADER} = 17 and (${ports})`);
  }
  return terms;
}

function isExtension(field: string): string {
  return IP6_EXTENSIONS.map((next) => `${field} = ${next}`).join(' or ');
}

function queryTerms(family: 'ip' | 'ip6', { addresses, udp }: FamilyPlan, sender: string): string[] {
  if (addresses.length === 0 || udp.pass.size === 0) return [];
  const to = QUERY_PORTS.map((port) => `dst port ${port}`).join(' or ');
  const data = family === 'ip' ? UDP_DATA : IP6_UDP_DATA;
  const quic = `dst port ${QUIC_PORT} and ${data} & ${QUIC_LONG_HEADER} != 0`;
  return [`${family} and udp and (${to} or (${quic}))${hosts('src', addresses)}${sender}`];
}

function answerTerms(family: 'ip' | 'ip6', { addresses, tcp }: FamilyPlan, sender: string): string[] {
  if (addresses.length === 0 || tcp.pass.size === 0) return [];
  const isTcp = family === 'ip' ? 'tcp' : `${IP6_NEXT_HEADER} = 6`;
  const flags = family === 'ip' ? 'tcp[13]' : IP6_TCP_FLAGS;
  const ports = portTerms(family === 'ip' ? 'tcp[0:2]' : IP6_SOURCE_PORT, tcp, MAX_ANSWER_RANGES);
  const isAnswer = `${isTcp} and ${flags} & ${SYN_AND_ACK} = ${SYN_AND_ACK} and (${ports})`;
  return [`${family} and ${isAnswer}${hosts('src', addresses)}${sender}`];
}

/** Resets of watched TCP ports, and the ICMP messages by which Linux itself refuses a datagram. */
function refusalTerms(family: 'ip' | 'ip6', { addresses, tcp }: FamilyPlan, sender: string): string[] {
  if (addresses.length === 0) return [];
  const from = `${hosts('src', addresses)}${sender}`;
  const icmp =
    family === 'ip'
      ? 'icmp and icmp[0] = 3 and (icmp[1] = 2 or icmp[1] = 3)'
      : `${IP6_NEXT_HEADER} = 58 and ${IP6_ICMP_TYPE} = 1 and ip6[41] = 4`;
  const unreachable = `${family} and ${icmp}${from}`;
  if (tcp.pass.size === 0) return [unreachable];
  const isTcp = family === 'ip' ? 'tcp' : `${IP6_NEXT_HEADER} = 6`;
  const flags = family === 'ip' ? 'tcp[13]' : IP6_TCP_FLAGS;
  const ports = portTerms(family === 'ip' ? 'tcp[0:2]' : IP6_SOURCE_PORT, tcp, MAX_ANSWER_RANGES);
  return [`${family} and ${isTcp} and ${flags} & ${RST} != 0 and (${ports})${from}`, unreachable];
}

function portTerms(field: string, { pass, keepOut }: PortPlan, maxRanges = MAX_FILTER_RANGES): string {
  return mergeRanges(pass.ranges(), maxRanges, keepOut)
    .map(({ first, last }) => rangeTerm(field, first, last))
    .join(' or ');
}

function rangeTerm(field: string, first: number, last: number): string {
  if (first === last) return `${field} = ${first}`;
  const bounds = [first > 0 ? `${field} >= ${first}` : '', last < 65_535 ? `${field} <= ${last}` : ''];
  // For all ports the term still reads the field, so that it checks the protocol.
  return bounds.filter((bound) => bound !== '').join(' and ') || `${field} >= 0`;
}

/** A term for the addresses; empty when there are too many. */
function hosts(direction: 'src' | 'dst', addresses: readonly Address[]): string {
  if (addresses.length > MAX_FILTER_ADDRESSES) return '';
  return ` and (${addresses.map((address) => `${direction} host ${address}`).join(' or ')})`;
}
