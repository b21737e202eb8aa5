import { Kind } from '../../classify/kind.ts';
import type { PortRange } from '../../config/ports.ts';
import { SPOKEN_PROTOCOLS } from '../../net/protocol.ts';
import { SCTP_KINDS } from './hooks.ts';
import { JUDGED_PROTOCOLS, type TablePlan } from './plan.ts';
import type { Writer } from './writer.ts';

/** A service that listened at one address of this host. */
const KNOWN_AT_ONE_ADDRESS = [
  'ip daddr . meta l4proto . th dport @known_at4',
  'ip6 daddr . meta l4proto . th dport @known_at6',
] as const;

/** Segments that begin a connection and end it at once. */
const CONTRADICTIONS = ['tcp flags & (syn|fin) == (syn|fin)', 'tcp flags & (syn|rst) == (syn|rst)'] as const;

/** Impossible segments: no honest stack sends them (RFC 9293, section 3.10.7), whatever the port. */
const IMPOSSIBLE = [
  'tcp flags & (fin|syn|rst|ack) == 0',
  'tcp flags & (fin|ack|rst) == fin',
  ...CONTRADICTIONS,
] as const;

/** A socket owns the packet: any, also one in TIME-WAIT or half open. `socket wildcard` misses those. */
const ANY_SOCKET = 'socket transparent <= 1 accept';

/** The input hook gets packets from the device of a VRF, whatever interface of it they came to. */
const IN_VRF = 'meta iifkind "vrf"';

/**
 * `fib` of most kernels does not ask the table of a VRF, where the addresses of its interfaces are. What is not for a group
 * of hosts there is for this one.
 */
const FOR_US_IN_VRF = `${IN_VRF} meta pkttype host`;

const SIX_FLAGS = 'tcp flags & (fin|syn|rst|psh|ack|urg)';

/** The six flags of the kinds that have one set of flags, as nft takes them. */
const FLAGS_OF_KIND = [
  [Kind.null, '0x0'],
  [Kind.fin, '0x1'],
  [Kind.xmas, '0x29'],
  [Kind.syn, '0x2'],
] as const;

/** The types of SCTP's first chunk (RFC 9260, section 3.2). */
const CHUNK_INIT = 1;
const CHUNK_COOKIE_ECHO = 10;

/** Its packets come from this host itself, so nothing more is asked of them. */
function loopback(plan: TablePlan, writer: Writer): string[] {
  return plan.watchesLoopback ? ['chain loopback {', writer.report('loopback', 100, 1), 'accept', '}'] : [];
}

function toLoopback({ watchesLoopback }: TablePlan): string[] {
  return watchesLoopback ? ['iif lo goto loopback'] : [];
}

/** Beginnings of what may be answered. */
function doubted(writer: Writer): string[] {
  return [
    'chain doubted {',
    `tcp flags & (fin|syn|rst|ack) == syn ${writer.report('doubted', 100, 1)}`,
    `meta l4proto udp ${writer.report('doubted', 100, 1)}`,
    '}',
  ];
}

/** The chains that say what a packet is, from its protocol to the rule that reports it. */
export function judges(plan: TablePlan, writer: Writer): string[] {
  return [
    ...loopback(plan, writer),
    ...doubted(writer),
    ...other(plan, writer),
    ...segment(plan),
    ...datagram(plan),
    ...chunk(plan),
    ...bare(plan, writer),
    'chain known {',
    `${writer.report('known', 2_000, 1)} accept`,
    '}',
    ...judge(plan, writer),
    ...groups(writer),
  ];
}

/** Protocols that have no ports. Weak, so none of them holds; the judge counts them. */
function other({ tcp, kinds }: TablePlan, writer: Writer): string[] {
  const detects = (kind: Kind) => !tcp.isEmpty && (kinds & (1 << kind)) !== 0;
  const requests = [
    'icmp type { echo-request, timestamp-request, address-mask-request }',
    'icmpv6 type echo-request',
  ];
  return [
    'chain other {',
    // The set is empty when the judge hangs.
    `meta l4proto { ${JUDGED_PROTOCOLS.join(', ')} } accept`,
    ...(detects(Kind.icmp) ? requests.map((match) => `${match} ${writer.report('icmp', 100, 8)}`) : []),
    ...(detects(Kind['ip-protocol'])
      ? ['fib daddr type local', FOR_US_IN_VRF].map(
          (match) =>
            `meta l4proto != { ${SPOKEN_PROTOCOLS.join(', ')} } ${match} ${writer.report('weak', 1_000, 1)}`,
        )
      : []),
    '}',
  ];
}

function segment(plan: TablePlan): string[] {
  const { tcp, kinds } = plan;
  if (tcp.isEmpty) return [];
  const missing = (kind: Kind) => (kinds & (1 << kind)) === 0;
  const unwanted = FLAGS_OF_KIND.filter(([kind]) => missing(kind)).map(
    ([, flags]) => `${SIX_FLAGS} == ${flags} accept`,
  );
  const odd = missing(Kind.odd)
    ? [...CONTRADICTIONS.map((match) => `${match} accept`), 'tcp flags & (ack|rst) == 0 jump unwanted']
    : [];
  const unwantedChain = missing(Kind.odd)
    ? [
        'chain unwanted {',
        ...FLAGS_OF_KIND.map(([, flags]) => `${SIX_FLAGS} == ${flags} return`),
        'accept',
        '}',
      ]
    : [];
  const weak = [
    ...(missing(Kind.ack) ? ['tcp flags & (fin|syn|rst|ack) == ack accept'] : []),
    ...(missing(Kind.maimon) ? ['tcp flags & (fin|syn|rst|ack) == (fin|ack) accept'] : []),
  ];
  return [
    'chain segment {',
    // The usual ones first. nft 0.9.3 cannot read a verdict map over the flags back.
    `${SIX_FLAGS} == (psh|ack) accept`,
    ...weak,
    'tcp flags & (syn|ack|rst|psh|urg) == ack goto bare',
    ...unwanted,
    ...odd,
    ...IMPOSSIBLE.map((match) => `${match} goto impossible`),
    'tcp flags & (syn|ack|rst) == syn goto initial',
    '}',
    ...unwantedChain,
    'chain impossible {',
    'tcp dport @excluded_tcp accept',
    'goto judge',
    '}',
    'chain initial {',
    'tcp dport != @watch_tcp accept',
    ANY_SOCKET,
    ...toLoopback(plan),
    'tcp dport @known_tcp goto known',
    'tcp dport @opened_tcp goto known',
    ...KNOWN_AT_ONE_ADDRESS.map((match) => `${match} goto known`),
    'goto judge',
    '}',
  ];
}

function datagram(plan: TablePlan): string[] {
  const { udp, kinds } = plan;
  if (udp.isEmpty || (kinds & (1 << Kind.udp)) === 0) return [];
  return [
    'chain datagram {',
    'udp dport != @watch_udp accept',
    ANY_SOCKET,
    // The answers of a DHCP server: the client reads them past netfilter, before it has a socket on the port.
    'udp sport 67 udp dport 68 accept',
    'udp sport 547 udp dport 546 accept',
    'udp dport @asked_all accept',
    'ip saddr . udp dport @asked4 accept',
    'ip6 saddr . udp dport @asked6 accept',
    ...toLoopback(plan),
    'udp dport @known_udp goto known',
    ...KNOWN_AT_ONE_ADDRESS.map((match) => `${match} goto known`),
    'goto judge',
    '}',
  ];
}

/** nft has no `socket` for SCTP: the judge keeps the ports of endpoints. */
function chunk({ tcp, kinds }: TablePlan): string[] {
  if (tcp.isEmpty || (kinds & SCTP_KINDS) === 0) return [];
  const types = [
    ...((kinds & (1 << Kind['sctp-init'])) === 0 ? [] : [CHUNK_INIT]),
    ...((kinds & (1 << Kind['sctp-cookie-echo'])) === 0 ? [] : [CHUNK_COOKIE_ECHO]),
  ];
  return [
    'chain chunk {',
    ...types.map((type) => `@th,96,8 ${type} th dport @watch_tcp th dport != @used_sctp goto judge`),
    '}',
  ];
}

/** A segment of no connection is weak: one strays from many an honest one. The third different port counts. */
function bare(plan: TablePlan, writer: Writer): string[] {
  const { tcp, ephemeral, holdsTcp } = plan;
  if (tcp.isEmpty) return [];
  const third = (family: '4' | '6', address: string) => [
    `${address} . tcp dport @weakport${family} accept`,
    `add @weakport${family} { ${address} . tcp dport }`,
    `update @weak${family} { ${address} limit rate over 1/week burst 2 packets } goto hold_unless_spared`,
  ];
  const holding = holdsTcp
    ? [
        'meta l4proto @forwards accept',
        'meta nfproto ipv6 goto bare6',
        ...third('4', 'ip saddr'),
        '}',
        'chain bare6 {',
        ...third('6', 'ip6 saddr'),
      ]
    : [];
  return [
    'chain bare {',
    'tcp dport @used_tcp accept',
    ANY_SOCKET,
    'tcp dport != @watch_tcp accept',
    'tcp dport @known_tcp accept',
    ...KNOWN_AT_ONE_ADDRESS.map((match) => `${match} accept`),
    ...ofEarlierConnections(ephemeral),
    'ip saddr . tcp dport @gone4 accept',
    'ip6 saddr . tcp dport @gone6 accept',
    ...toLoopback(plan),
    'fib daddr type != local jump accept_outside_vrf',
    'fib saddr type local jump own_source',
    `iifname @quiet ${writer.report('bridge', 100, 1)} accept`,
    'jump report_weak',
    ...holding,
    '}',
    'chain report_weak {',
    `${writer.report('weak', 500, 1)} return`,
    `${writer.report('weak', 20_000, 32)} return`,
    'counter name unreported',
    '}',
  ];
}

/**
 * After a restart of this host its peers still send on connections that it had. A scanner's segment is a bare header; one
 * with data or options (RFC 7323, section 3.2) to a port that connections leave from belongs to such a connection.
 */
function ofEarlierConnections({ first, last }: PortRange): string[] {
  const range = `tcp dport ${first}-${last}`;
  return [
    `${range} tcp doff > 5 accept`,
    `${range} ip length > 40 accept`,
    `${range} ip6 length > 20 accept`,
  ];
}

function judge(plan: TablePlan, writer: Writer): string[] {
  return [
    'chain judge {',
    ...toLoopback(plan),
    'fib daddr type != local jump elsewhere',
    'fib saddr type local jump own_source',
    'counter name probes',
    `iifname @quiet ${writer.report('bridge', 100, 1)} accept`,
    // One at a time at once; a flood in batches, and of a great one a part: the counter has the rest. A scanner in it
    // sends more than one probe, and a reader that keeps up reports it sooner than one that is behind.
    `${writer.report('probe', 500, 1)} goto hold_unless_spared`,
    `${writer.report('probe', 20_000, 32)} goto hold_unless_spared`,
    'counter name unreported',
    'goto hold_unless_spared',
    '}',
  ];
}

function groups(writer: Writer): string[] {
  return [
    'chain elsewhere {',
    'fib daddr type multicast goto cast',
    'fib daddr type broadcast goto cast',
    `${FOR_US_IN_VRF} return`,
    'goto cast',
    '}',
    // `socket` finds nobody behind a group address, whoever joined it. Reported, never held.
    'chain cast {',
    'fib saddr type local accept',
    writer.report('cast', 100, 32),
    'accept',
    '}',
    // `iifkind != "vrf"` would match no interface without a kind, which most network cards are.
    'chain accept_outside_vrf {',
    `${IN_VRF} return`,
    'accept',
    '}',
    // Only some kernels know the addresses of a VRF here. What this host sends to itself there comes from the device of the
    // VRF, as what comes from outside does: so its own addresses are spared there, and logged as such.
    'chain own_source {',
    `${IN_VRF} return`,
    'goto forged',
    '}',
    'chain forged {',
    writer.report('forged', 100, 32),
    'counter name forged drop',
    '}',
  ];
}
