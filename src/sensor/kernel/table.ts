import { Kind, kindMask } from '../../classify/kind.ts';
import type { PortRange, PortSet } from '../../config/ports.ts';
import { SPOKEN_PROTOCOLS } from '../../net/protocol.ts';
import type { RuleName } from './rule.ts';

/** Everything of the sensor is in this table. */
export const SENSOR_TABLE = 'inet portsentry_sensor';
export const SENSOR_TABLE_NAME = 'portsentry_sensor';

/** The rules judge only while the judge renews these elements; so a table that an old run left behind is inert. */
export const ALIVE_TIMEOUT_S = 30;

/** The set of protocols that are judged now, and those that it has while the judge works. */
export const ALIVE_SET = 'alive';
export const JUDGED_PROTOCOLS = ['tcp', 'udp', 'sctp'] as const;

/** Entries of a set that packets fill: forged sources take this much memory of the kernel and no more. */
const DYNAMIC_SET_SIZE = 65_536;

/** Spared prefixes, and ports that services hold or held. */
const SPARED_SET_SIZE = 16_384;
const PORT_SET_SIZE = 65_536;

/** Octets of a reported packet: enough for the longest usual chain of IPv6 extension headers before the ports. */
const SNAP_LENGTH = 2_048;

/** How long the kernel remembers what it has seen of a source or sent to a peer. */
const MEMORY_S = 60;

/** Holds a second that one rule makes, after a burst: a flood of forged sources fills no set faster. */
const HOLD_RATE = 'limit rate 5/second burst 300 packets';

/**
 * After both hooks of raw tables (-300) and before connection tracking, so that what is dropped costs no entry there.
 * Prerouting comes after the table of the blocks (-310).
 */
const INPUT_PRIORITY = -310;
const PREROUTING_PRIORITY = -309;
/** After source NAT (100), so that the peers of masqueraded hosts are noted, too. */
const POSTROUTING_PRIORITY = 310;

/** The datagram by which the sensor tries itself goes over loopback, from this address to this port. */
export const TRIAL_ADDRESS = '127.80.83.1';
export const TRIAL_PORT = 9;

/** What the table is made from. */
export interface TablePlan {
  /** Only the process that loaded it may change it, and it goes with that process; nft 1.0.2 and newer. */
  readonly owned: boolean;
  /** The NFLOG group that reports go to. */
  readonly group: number;
  /** Ports that are watched; an empty set leaves out the protocol. */
  readonly tcp: PortSet;
  readonly udp: PortSet;
  /** TCP ports on which not even impossible segments count. */
  readonly excludedTcp: PortSet;
  /** Bit `1 << Kind` for each kind that is looked for. */
  readonly kinds: number;
  /** Names of the interfaces that are watched; null for all but loopback. */
  readonly interfaces: readonly string[] | null;
  /** SCAN_TRIGGER: different ports that are allowed before a source is held. */
  readonly trigger: number;
  /** BLOCK_IPV6_PREFIX: the length by which IPv6 sources are held. */
  readonly ipv6Prefix: number;
  /** Whether a probe of the transport may lead to a block, and so holds its source. */
  readonly holdsTcp: boolean;
  readonly holdsUdp: boolean;
  /** The ports that connections of this host leave from. */
  readonly ephemeral: PortRange;
  readonly holdTimeMs: number;
}

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

/**
 * No rule on the way to a verdict of `drop` asks a set without a name. A change of the table replaces those with the rules,
 * and a packet that is between two rules at that moment finds the old set empty: it would pass.
 *
 * The whole table as lines of nft's language. Its sets `used_*`, `known_*`, `spare*`, `link6_64`, `forwards`, `quiet`,
 * and `doubted*` are empty and `alive` holds nothing: the caller fills them.
 */
export function tableLines(plan: TablePlan): string[] {
  const writer = new Writer(plan.group);
  return [
    `table ${SENSOR_TABLE} {`,
    ...(plan.owned ? ['flags owner'] : []),
    ...COUNTERS.map((name) => `counter ${name} { }`),
    ...setLines(plan),
    ...prerouting(writer),
    ...postrouting(plan, writer),
    ...input(plan, writer),
    ...judges(plan, writer),
    ...holds(plan),
    '}',
  ];
}

/**
 * The commands that turn the table of one plan into that of another, as one line, which is one transaction. What both
 * plans have keeps its elements, and the counters go on. A new table in the place of the old one would let some packets
 * of a flood through: the kernel shows the elements of new interval sets some time after the rules that ask them.
 */
export function changeLine(before: TablePlan, next: TablePlan): string {
  const [old, lines] = [tableLines(before), tableLines(next)];
  const [oldSets, sets] = [declaredSets(old), declaredSets(lines)];
  const chains = new Set(chainNames(lines));
  const outdated = [...oldSets.keys()].filter((name) => sets.get(name) !== oldSets.get(name));
  return [
    `flush table ${SENSOR_TABLE}`,
    ...chainNames(old).flatMap((name) => (chains.has(name) ? [] : [`delete chain ${SENSOR_TABLE} ${name}`])),
    ...outdated.map((name) => `delete set ${SENSOR_TABLE} ${name}`),
    ...PORT_SETS.map((name) => `flush set ${SENSOR_TABLE} ${name}`),
    asOneLine(lines),
  ].join('; ');
}

/** The sets that have the ports of the plan as elements. */
const PORT_SETS = ['watch_tcp', 'watch_udp', 'excluded_tcp'] as const;

/** The declarations of the sets by name, without the elements. */
function declaredSets(lines: readonly string[]): Map<string, string> {
  return new Map(
    lines.flatMap((line) => {
      const name = /^set (\S+) /.exec(line)?.[1];
      return name === undefined ? [] : [[name, line.replace(/ elements = \{[^}]*\};/, '')] as const];
    }),
  );
}

function chainNames(lines: readonly string[]): string[] {
  return lines.flatMap((line) => /^chain (\S+) /.exec(line)?.[1] ?? []);
}

/** What the table counts; `reported` and `unreported` are packets, `shed` is sources that found no room in a set. */
export const COUNTERS = ['probes', 'reported', 'unreported', 'held', 'shed', 'spared', 'forged'] as const;
export type CounterName = (typeof COUNTERS)[number];

/** One line, which is one transaction of `nft -i`. */
export function asOneLine(lines: readonly string[]): string {
  return lines
    .map((line) => (line.endsWith('{') ? `${line} ` : `${line}; `))
    .join('')
    .trimEnd();
}

/** Ports as the elements of an interval set. */
export function portElements(ports: PortSet): string {
  return ports
    .ranges()
    .map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`))
    .join(', ');
}

/** Writes the statements that report packets. */
class Writer {
  readonly #group: number;

  constructor(group: number) {
    this.#group = group;
  }

  /** Reports up to `rate` packets a second; the kernel hands them over when `threshold` of them wait, or after 1 s. */
  report(rule: RuleName, rate: number, threshold: number): string {
    const limit = `limit rate ${rate}/second burst ${rate} packets`;
    const log = `log prefix "${rule}" group ${this.#group} snaplen ${SNAP_LENGTH} queue-threshold ${threshold}`;
    return `${limit} counter name reported ${log}`;
  }
}

function setLines(plan: TablePlan): string[] {
  const hold = `${plan.holdTimeMs}ms`;
  const dynamic = (name: string, type: string, timeout = `${MEMORY_S}s`) =>
    `set ${name} { type ${type}; size ${DYNAMIC_SET_SIZE}; flags dynamic,timeout; timeout ${timeout}; }`;
  const families = (name: string, more: string, timeout?: string) => [
    dynamic(`${name}4`, `ipv4_addr${more}`, timeout),
    dynamic(`${name}6`, `ipv6_addr${more}`, timeout),
  ];
  const ports = (name: string, set: PortSet) =>
    `set ${name} { type inet_service; flags interval;${set.isEmpty ? '' : ` elements = { ${portElements(set)} };`} }`;
  return [
    `set ${ALIVE_SET} { type inet_proto; flags timeout; timeout ${ALIVE_TIMEOUT_S}s; }`,
    ...families('held', '', hold),
    dynamic('held6_64', 'ipv6_addr', hold),
    dynamic('near6_64', 'ipv6_addr'),
    ...families('once', ''),
    `set exempt4 { type ipv4_addr; size ${DYNAMIC_SET_SIZE}; flags timeout; }`,
    `set exempt6 { type ipv6_addr; size ${DYNAMIC_SET_SIZE}; flags timeout; }`,
    ...families('weakport', ' . inet_service'),
    ...families('weak', ''),
    ...(plan.trigger > 0
      ? [...families('tried', ' . inet_proto . inet_service'), ...families('tries', '')]
      : []),
    ...families('gone', ' . inet_service'),
    dynamic('opened_tcp', 'inet_service'),
    ...families('asked', ' . inet_service'),
    dynamic('asked_all', 'inet_service'),
    `set forwards { type inet_proto; }`,
    `set link6_64 { type ipv6_addr; size 1024; }`,
    `set spare4 { type ipv4_addr; size ${SPARED_SET_SIZE}; flags interval; auto-merge; }`,
    `set spare6 { type ipv6_addr; size ${SPARED_SET_SIZE}; flags interval; auto-merge; }`,
    `set quiet { type ifname; size 1024; }`,
    `set doubted4 { type ipv4_addr; size ${SPARED_SET_SIZE}; flags interval; auto-merge; }`,
    `set doubted6 { type ipv6_addr; size ${SPARED_SET_SIZE}; flags interval; auto-merge; }`,
    ports('watch_tcp', plan.tcp),
    ports('watch_udp', plan.udp),
    ports('excluded_tcp', plan.excludedTcp),
    `set known_at4 { type ipv4_addr . inet_proto . inet_service; size ${PORT_SET_SIZE}; }`,
    `set known_at6 { type ipv6_addr . inet_proto . inet_service; size ${PORT_SET_SIZE}; }`,
    ...['known_tcp', 'known_udp', 'used_tcp', 'used_sctp'].map(
      (name) => `set ${name} { type inet_service; size ${PORT_SET_SIZE}; }`,
    ),
  ];
}

/** Held sources are dropped before NAT and forwarding, so that published ports are shut to them, too. */
function prerouting(writer: Writer): string[] {
  return [
    'chain held_source {',
    // A link without neighbour discovery is dead: a forger of an address would cut its owner off.
    'icmpv6 type 133-137 accept',
    // The set is empty when the judge hangs.
    `meta l4proto { ${JUDGED_PROTOCOLS.join(', ')} } meta l4proto != @${ALIVE_SET} accept`,
    writer.report('held', 20_000, 64),
    'counter name held drop',
    '}',
    'chain prerouting {',
    `type filter hook prerouting priority ${PREROUTING_PRIORITY}; policy accept`,
    'iif lo accept',
    'ip saddr @held4 goto held_source',
    'ip6 saddr @held6 goto held_source',
    'ip6 saddr & ffff:ffff:ffff:ffff:: @held6_64 goto held_source',
    '}',
  ];
}

/**
 * What left this host: a late answer to it is no probe, and a port that answered has a service. What went to a blocked
 * source shows that it is not blocked.
 */
function postrouting(plan: TablePlan, writer: Writer): string[] {
  return [
    // Of packets that this host forwards only masqueraded ones count: what others send through it says nothing of it.
    'chain asked {',
    'meta skuid >= 0 goto asked_by_us',
    'fib saddr type local goto asked_by_us',
    '}',
    'chain asked_by_us {',
    `fib daddr type { broadcast, multicast } update @asked_all { udp sport timeout ${MEMORY_S}s } accept`,
    `update @asked4 { ip daddr . udp sport timeout ${MEMORY_S}s } accept`,
    `update @asked6 { ip6 daddr . udp sport timeout ${MEMORY_S}s } accept`,
    // Only a full set comes here.
    `update @asked_all { udp sport timeout ${MEMORY_S}s }`,
    '}',
    'chain gone {',
    'tcp flags & (syn|fin|rst) == syn goto opened',
    'fib saddr type != local accept',
    `update @gone4 { ip daddr . tcp sport timeout ${MEMORY_S}s } accept`,
    `update @gone6 { ip6 daddr . tcp sport timeout ${MEMORY_S}s }`,
    '}',
    // A port of ours that has answered has a service, which may come and go between two looks. A forger sends no packet
    // that has a socket of this host, not even through it.
    'chain opened {',
    `tcp flags & ack == ack meta skuid >= 0 update @opened_tcp { tcp sport timeout ${MEMORY_S}s }`,
    '}',
    'chain answered {',
    `tcp flags & (syn|ack) == (syn|ack) ${writer.report('answer', 100, 1)} accept`,
    `tcp flags & rst == rst ${writer.report('answer', 100, 1)} accept`,
    `icmp type destination-unreachable ${writer.report('answer', 100, 1)} accept`,
    `icmpv6 type destination-unreachable ${writer.report('answer', 100, 1)} accept`,
    '}',
    'chain postrouting {',
    `type filter hook postrouting priority ${POSTROUTING_PRIORITY}; policy accept`,
    'oif lo accept',
    'ip daddr @doubted4 jump answered',
    'ip6 daddr @doubted6 jump answered',
    'tcp flags & (fin|syn|rst) == 0 accept',
    ...(plan.udp.isEmpty ? [] : ['udp sport @watch_udp goto asked']),
    ...(plan.tcp.isEmpty ? [] : ['tcp sport != @used_tcp goto gone']),
    '}',
  ];
}

function input(plan: TablePlan, writer: Writer): string[] {
  const { tcp, udp, kinds, interfaces } = plan;
  const detects = (kind: Kind) => (kinds & (1 << kind)) !== 0;
  const verdicts = [
    ...(tcp.isEmpty ? [] : ['meta l4proto tcp jump segment']),
    ...(udp.isEmpty || !detects(Kind.udp) ? [] : ['meta l4proto udp goto datagram']),
    ...(tcp.isEmpty || (kinds & SCTP_KINDS) === 0 ? [] : ['meta l4proto sctp goto chunk']),
  ];
  return [
    'chain input {',
    `type filter hook input priority ${INPUT_PRIORITY}; policy accept`,
    // Segments of connections to services first: nothing below has more to say of them.
    'tcp flags & (fin|syn|rst|ack) == ack tcp dport @used_tcp accept',
    `iif lo ip saddr ${TRIAL_ADDRESS} udp dport ${TRIAL_PORT} ${writer.report('trial', 10, 1)} drop`,
    'iif lo accept',
    ...(interfaces === null
      ? []
      : [...interfaces.map((name) => `iifname ${quoted(name)} goto watched`), '}', 'chain watched {']),
    // nft reads ports and flags in the later fragments, too, where others' data stand in their place.
    'frag frag-off != 0 goto later_fragment',
    ...['ip saddr @doubted4', 'ip6 saddr @doubted6'].map((match) => `${match} jump doubted`),
    `meta l4proto != @${ALIVE_SET} goto other`,
    ...verdicts,
    // Linux puts IPv6 fragments together after this hook, and takes no first one without a whole transport header.
    `exthdr frag exists ${writer.report('fragment', 1_000, 1)}`,
    '}',
    'chain later_fragment {',
    writer.report('fragment', 1_000, 32),
    '}',
  ];
}

const SCTP_KINDS = kindMask([Kind['sctp-init'], Kind['sctp-cookie-echo']]);

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
function judges(plan: TablePlan, writer: Writer): string[] {
  return [
    ...doubted(writer),
    ...other(plan, writer),
    ...segment(plan),
    ...datagram(plan),
    ...chunk(plan),
    ...bare(plan, writer),
    'chain known {',
    `${writer.report('known', 2_000, 1)} accept`,
    '}',
    ...judge(writer),
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
      ? [
          `meta l4proto != { ${SPOKEN_PROTOCOLS.join(', ')} } fib daddr type local ${writer.report('weak', 1_000, 1)}`,
        ]
      : []),
    '}',
  ];
}

function segment({ tcp, kinds }: TablePlan): string[] {
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
    'tcp dport @known_tcp goto known',
    'tcp dport @opened_tcp goto known',
    ...KNOWN_AT_ONE_ADDRESS.map((match) => `${match} goto known`),
    'goto judge',
    '}',
  ];
}

function datagram({ udp, kinds }: TablePlan): string[] {
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
function bare({ tcp, ephemeral, holdsTcp }: TablePlan, writer: Writer): string[] {
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
    'fib daddr type != local accept',
    'fib saddr type local goto forged',
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

function judge(writer: Writer): string[] {
  return [
    'chain judge {',
    'fib daddr type != local goto cast',
    'fib saddr type local goto forged',
    'counter name probes',
    `iifname @quiet ${writer.report('bridge', 100, 1)} accept`,
    // One at a time at once; a flood in batches.
    `${writer.report('probe', 500, 1)} goto hold_unless_spared`,
    `${writer.report('probe', 100_000, 32)} goto hold_unless_spared`,
    'counter name unreported',
    'goto hold_unless_spared',
    '}',
  ];
}

function groups(writer: Writer): string[] {
  return [
    // `socket` finds nobody behind a group address, whoever joined it. Reported, never held.
    'chain cast {',
    'fib saddr type local accept',
    `${writer.report('cast', 100, 32)} accept`,
    '}',
    'chain forged {',
    writer.report('forged', 100, 32),
    'counter name forged drop',
    '}',
  ];
}

/** Where nothing would be blocked no packet is dropped. */
function holds(plan: TablePlan): string[] {
  const { trigger, holdsTcp, holdsUdp } = plan;
  const transports = [...(holdsTcp ? ['tcp', 'sctp'] : []), ...(holdsUdp ? ['udp'] : [])];
  if (transports.length === 0) return ['chain hold_unless_spared { }'];
  return [
    'chain hold_unless_spared {',
    ...JUDGED_PROTOCOLS.filter((name) => !transports.includes(name)).map(
      (name) => `meta l4proto ${name} accept`,
    ),
    'ip saddr @spare4 counter name spared accept',
    'ip6 saddr @spare6 counter name spared accept',
    ...(trigger > 0 ? tries(trigger) : ['goto hold']),
    '}',
    'chain hold {',
    // A forger has used up the time that the owner of an address may be held for packets that anybody can send.
    'ip saddr @exempt4 drop',
    'ip6 saddr @exempt6 drop',
    'meta nfproto ipv6 goto hold6',
    // A source that has probed before finds a place before the many that come once.
    `ip saddr @once4 ${HOLD_RATE} add @held4 { ip saddr } drop`,
    'add @once4 { ip saddr }',
    `${HOLD_RATE} add @held4 { ip saddr } drop`,
    'counter name shed drop',
    '}',
    ...hold6(plan),
  ];
}

function tries(trigger: number): string[] {
  const family = (number: '4' | '6', address: string) => [
    `${address} . meta l4proto . th dport @tried${number} accept`,
    `add @tried${number} { ${address} . meta l4proto . th dport }`,
    `update @tries${number} { ${address} limit rate over 1/week burst ${trigger} packets } goto hold`,
  ];
  return [
    'meta nfproto ipv6 goto tries6',
    ...family('4', 'ip saddr'),
    '}',
    'chain tries6 {',
    ...family('6', 'ip6 saddr'),
  ];
}

/** Addresses of one's own link are held one by one: their /64 is everybody's there. */
function hold6({ ipv6Prefix }: TablePlan): string[] {
  const network = 'ip6 saddr & ffff:ffff:ffff:ffff::';
  const addNetwork = `add @held6_64 { ${network} } drop`;
  const byNetwork =
    ipv6Prefix <= 64
      ? [`${HOLD_RATE} ${addNetwork}`, 'counter name shed drop']
      : [`${network} @near6_64 ${HOLD_RATE} ${addNetwork}`, `add @near6_64 { ${network} }`, 'goto hold6_128'];
  return [
    'chain hold6 {',
    'ip6 saddr fe80::/10 goto hold6_128',
    `${network} @link6_64 goto hold6_128`,
    ...byNetwork,
    '}',
    'chain hold6_128 {',
    `${HOLD_RATE} add @held6 { ip6 saddr } drop`,
    'counter name shed drop',
    '}',
  ];
}

function quoted(name: string): string {
  return `"${name}"`;
}
