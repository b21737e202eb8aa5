import { PORT_COUNT, type PortRange, type PortSet } from '../config/ports.ts';
import type { Address } from '../net/address.ts';
import { PROTOCOL_SCTP, PROTOCOL_TCP } from '../net/protocol.ts';
import { ACK_OR_RST, etherWrappedTerms, ipv4TunnelTerms, ipv6TunnelTerms } from './filter-wrapped.ts';

/**
 * Ranges in one filter. libpcap's optimizer is quadratic in OR-ed terms: 100 ports take 20 ms, 1,000 take 13 s.
 * Beyond this many, neighbours are merged and the ports between them are sorted out in user space.
 */
export const MAX_FILTER_RANGES = 40;

/** Addresses in one filter, for the same reason; a host with more gets all destinations, sorted out later. */
export const MAX_FILTER_ADDRESSES = 16;

/**
 * Ranges of ports to which bare segments pass. None is widened over a port in use, whose every acknowledgement would
 * pass with it: beyond this many the smallest are left out.
 */
const MAX_IDLE_RANGES = 8;

/** Ranges of ports whose answers pass: they only tell what is open, so more than the watched ones may. */
const MAX_ANSWER_RANGES = 4;

/**
 * Questions of ours whose answers may come late, to sockets that lived shorter than any poll: DNS, NTP; or that are
 * answered at a port that no socket holds: DHCP.
 */
const QUERY_PORTS = [53, 67, 123, 547];

/** QUIC's handshakes are such questions, too. They alone have a long header (RFC 9000, section 17.2). */
const QUIC_PORT = 443;
const QUIC_LONG_HEADER = '0x80';

/** The ports of one protocol that pass. */
export interface PortPlan {
  /** Watched, and not in use for good. */
  readonly pass: PortSet;
  /** In use for good: a merging of ranges lets them pass only when nothing else is left to merge. */
  readonly keepOut: PortSet;
}

/** What may be a probe to this host's addresses of one family. */
export interface FamilyPlan {
  readonly addresses: readonly Address[];
  readonly tcp: PortPlan;
  readonly udp: PortPlan;
  /** Where bare segments pass: at ports that no connection of this host has. */
  readonly idle: PortPlan;
}

export interface FilterPlan {
  readonly v4: FamilyPlan;
  readonly v6: FamilyPlan;
  /** The six low flag bits of segments that are no beginning of a connection, and pass when they are bare headers. */
  readonly bareFlags: readonly number[];
  /** Types of SCTP's first chunk that pass, to whatever port: there are few of them. */
  readonly chunkTypes: readonly number[];
  /** IP protocols that do not pass; all others do, whatever is in the packet. None is named when none passes. */
  readonly busyProtocols: readonly number[];
  readonly icmpTypes: readonly number[];
  readonly icmpv6Types: readonly number[];
}

// Offsets within the whole packet, for IPv6 without extension headers (RFC 8200, section 3).
const IP6_PAYLOAD_LENGTH = 'ip6[4:2]';
const IP6_NEXT_HEADER = 'ip6[6]';
const IP6_SOURCE_PORT = 'ip6[40:2]';
const IP6_DESTINATION_PORT = 'ip6[42:2]';
const IP6_TCP_FLAGS = 'ip6[53]';
const IP6_CHUNK_TYPE = 'ip6[52]';
const IP6_ICMP_TYPE = 'ip6[40]';
/** The first octet behind a UDP header. */
const UDP_DATA = 'udp[8]';
const IP6_UDP_DATA = 'ip6[48]';
const IP6_FRAGMENT_NEXT_HEADER = 'ip6[40]';
/** In octets, when the flags below it are masked out. */
const IP6_FRAGMENT_OFFSET = 'ip6[42:2] & 0xfff8';
const IP6_FRAGMENT_DESTINATION_PORT = 'ip6[50:2]';
// RFC 791, section 3.1; the offset is in units of 8 octets.
const IP_FRAGMENT_OFFSET = 'ip[6:2] & 0x1fff';
const IP_PROTOCOL = 'ip[9]';
const IP_MORE_FRAGMENTS = 'ip[6] & 0x20';
const IP_PAYLOAD_LENGTH = 'ip[2:2] - ((ip[0] & 0x0f) << 2)';
/**
 * A TCP header of which something is still to come, or its rest, is within these octets of a datagram. The fragments
 * of honest large datagrams are cut at the MTU, from 552 octets up: those begin far behind, at 512 at the least.
 */
const FRAGMENTS_OF_HEADER = 64;
const TCP_HEADER_LENGTH = 20;
const SYN_AND_ACK = '0x12';
/** The six low bits. */
const SIX_FLAGS = '0x3f';
/** Hop-by-hop, routing, authentication, destination options, mobility. */
const IP6_EXTENSIONS = [0, 43, 51, 60, 135];

/**
 * The kernel filter in tcpdump's language: what can be no probe never reaches user space, so honest traffic
 * costs nothing. Only initial segments pass (no ACK, no RST), only to this host, only to watched ports; bare headers with
 * an ACK to ports where no connection can be; SCTP's first chunks; IP protocols that nobody speaks; and this host's own short questions, which tell that an answer is no probe; and its SYN/ACKs, which tell that a
 * port is open, from all ports but those that are known to be. Of fragments those pass that may hold
 * a part of a TCP header, for the sake of first ones too small for all of it. Where the device has a hardware address
 * only its own frames count as such: else a neighbour could forge them and so hide the ports it probes.
 *
 * The words `inbound` and `outbound` would say the same, but libpcap cannot judge them in user space, where it
 * filters what came before the kernel had the filter: it loses the first frame (native-notes/libpcap.md).
 */
export function filterText(plan: FilterPlan, hardwareAddress: string | null): string {
  const { v4, v6 } = plan;
  const terms = [...familyTerms('ip', v4, ipv4Terms(plan)), ...familyTerms('ip6', v6, ipv6Terms(plan))];
  const sender = hardwareAddress === null ? '' : ` and ether src ${hardwareAddress}`;
  terms.push(...queryTerms('ip', v4, sender), ...queryTerms('ip6', v6, sender));
  terms.push(...answerTerms('ip', v4, sender), ...answerTerms('ip6', v6, sender));
  const watchesTcp = [v4, v6].some(({ addresses, tcp }) => addresses.length > 0 && tcp.pass.size > 0);
  if (watchesTcp && hardwareAddress !== null) terms.push(...etherWrappedTerms());
  // A filter of no terms would pass everything; this one passes nothing.
  return terms.length > 0 ? terms.map((term) => `(${term})`).join(' or ') : 'less 1';
}

/** At most `most` ranges that hold all of the given ones: the narrowest gaps are closed first. */
export function mergeRanges(ranges: readonly PortRange[], most: number, keepOut: PortSet): PortRange[] {
  const cost = (from: number, to: number) => to - from + (holdsAny(keepOut, from, to) ? PORT_COUNT : 0);
  const closed = new Set(
    ranges
      .slice(1)
      .map((range, index) => ({
        cost: cost((ranges[index] as PortRange).last, range.first),
        index: index + 1,
      }))
      .sort((a, b) => a.cost - b.cost)
      .slice(0, Math.max(0, ranges.length - most))
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
    // Before what reads the flags: a packet that ends before an octet that is asked for is rejected as a whole.
    const isSmall = `${IP_MORE_FRAGMENTS} != 0 and ${IP_PAYLOAD_LENGTH} < ${TCP_HEADER_LENGTH}`;
    const ofHeader = `${IP_FRAGMENT_OFFSET} < ${FRAGMENTS_OF_HEADER / 8}`;
    terms.push(
      `(${fragmented.join(' or ')}) and ${ofHeader} and (${IP_FRAGMENT_OFFSET} != 0 or (${isSmall}))`,
    );
  }
  if (tcp.pass.size > 0) terms.push(`tcp[13] & ${ACK_OR_RST} = 0 and (${portTerms('tcp[2:2]', tcp)})`);
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
  // The filter language cannot walk extension headers. They are rare, and hiding behind them is a trick.
  if (terms.length > 0) terms.push(isExtension(IP6_NEXT_HEADER), ...ipv6FragmentTerms(plan));
  // Fragments have terms of their own.
  if (plan.busyProtocols.length > 0) terms.push(noneOf(IP6_NEXT_HEADER, [...plan.busyProtocols, 44]));
  if (tcp.pass.size > 0) terms.push(...ipv6TunnelTerms());
  return terms;
}

/** Of these, what is not whole in its first fragment is put together. */
function fragmentedProtocols(plan: FilterPlan, family: FamilyPlan): number[] {
  const segments = family.tcp.pass.size > 0 || watchesBare(plan, family);
  return [...(segments ? [PROTOCOL_TCP] : []), ...(plan.chunkTypes.length > 0 ? [PROTOCOL_SCTP] : [])];
}

function watchesBare({ bareFlags }: FilterPlan, { idle }: FamilyPlan): boolean {
  return bareFlags.length > 0 && idle.pass.size > 0;
}

/** A segment without data and options, by the length behind the IP header: cheap, and no honest Linux sends it. */
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

/** Gaps are closed where nobody's port is in them; of what is left the largest ranges pass. */
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

/** A first fragment is judged by its next header; of the others that field says nothing (RFC 8200, section 4.5). */
function ipv6FragmentTerms(plan: FilterPlan): string[] {
  const { udp } = plan.v6;
  const fragment = `${IP6_NEXT_HEADER} = 44`;
  const first = `${fragment} and ${IP6_FRAGMENT_OFFSET} = 0`;
  const terms = [
    `${fragment} and ${IP6_FRAGMENT_OFFSET} != 0 and ${IP6_FRAGMENT_OFFSET} < ${FRAGMENTS_OF_HEADER}`,
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

function portTerms(field: string, { pass, keepOut }: PortPlan, most = MAX_FILTER_RANGES): string {
  return mergeRanges(pass.ranges(), most, keepOut)
    .map(({ first, last }) => rangeTerm(field, first, last))
    .join(' or ');
}

function rangeTerm(field: string, first: number, last: number): string {
  if (first === last) return `${field} = ${first}`;
  const bounds = [first > 0 ? `${field} >= ${first}` : '', last < 65_535 ? `${field} <= ${last}` : ''];
  // All ports: the field must still be there, so that the protocol is checked.
  return bounds.filter((bound) => bound !== '').join(' and ') || `${field} >= 0`;
}

/** Nothing when there are too many to name. */
function hosts(direction: 'src' | 'dst', addresses: readonly Address[]): string {
  if (addresses.length > MAX_FILTER_ADDRESSES) return '';
  return ` and (${addresses.map((address) => `${direction} host ${address}`).join(' or ')})`;
}
