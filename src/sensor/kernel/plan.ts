import type { PortRange, PortSet } from '../../config/ports.ts';

/** Everything of the sensor is in this table. */
export const SENSOR_TABLE = 'inet portsentry_sensor';
export const SENSOR_TABLE_NAME = 'portsentry_sensor';

/** The rules judge only while the judge renews these elements; so a table that an old run left behind is inert. */
export const ALIVE_TIMEOUT_S = 30;

/** The set of protocols that are judged now, and those that it has while the judge works. */
export const ALIVE_SET = 'alive';
export const JUDGED_PROTOCOLS = ['tcp', 'udp', 'sctp'] as const;

/** What the table counts; `reported` and `unreported` are packets, `shed` is sources that found no room in a set. */
export const COUNTERS = ['probes', 'reported', 'unreported', 'held', 'shed', 'spared', 'forged'] as const;
export type CounterName = (typeof COUNTERS)[number];
export type Counters = Readonly<Record<CounterName, number>>;

/** The counters with these values. */
export function countersWith(countOf: (name: CounterName) => number): Counters {
  return Object.fromEntries(COUNTERS.map((name) => [name, countOf(name)])) as Counters;
}

/** How long the kernel remembers what it has seen of a source or sent to a peer. */
export const MEMORY_S = 60;

/** The datagram by which the sensor tries itself goes over loopback, from this address to this port. */
export const TRIAL_ADDRESS = '127.80.83.1';
export const TRIAL_PORT = 9;

/** The different addresses of one hardware address on a link of this host that may probe before it is held itself. */
export const NEIGHBOUR_ADDRESSES = 4;

/** How long the addresses of a neighbour add up. */
export const NEIGHBOUR_MEMORY_S = 600;

/** What the table is made from. */
export interface TablePlan {
  /** Only the process that loaded it may change it, and it goes with that process; nft 1.0.2 and newer. */
  readonly owned: boolean;
  /** The NFLOG group that reports go to; null for the packet sensor's table, which judges nothing and only holds. */
  readonly group: number | null;
  /** Ports that are watched; an empty set leaves out the protocol. */
  readonly tcp: PortSet;
  readonly udp: PortSet;
  /** TCP ports on which not even impossible segments count. */
  readonly excludedTcp: PortSet;
  /** Bit `1 << Kind` for each kind that is looked for. */
  readonly kinds: number;
  /** Names of the interfaces that are watched; null for all but loopback. */
  readonly interfaces: readonly string[] | null;
  /** Whether loopback is watched, too. What comes over it is this host's own: it is reported, never dropped or held. */
  readonly watchesLoopback: boolean;
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
  /** CHALLENGE: whether half of a held source's ports are answered with RST. */
  readonly challenges: boolean;
}

/** What the kernel sensor's table is made from: one that reports. The table itself finds out whether it can be owned. */
export type SensorPlan = Omit<TablePlan, 'owned'> & { readonly group: number };
