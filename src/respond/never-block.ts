import type { Address } from '../net/address.ts';
import {
  ADDRESS_BITS,
  formatPrefix,
  overlaps,
  type Prefix,
  PrefixTable,
  parsePrefix,
} from '../net/prefix.ts';
import type { Evidence } from '../track/evidence.ts';
import type { Lifelines } from '../watch/lifelines.ts';
import type { Opened } from '../watch/tcp-peers.ts';
import type { IgnoreEntry } from './ignore-file.ts';

/** Evidence that a source's packets are its own. */
const PROOFS: ReadonlySet<string> = new Set(['handshake', 'reacts']);

/** Where a rule comes from; `sensor`: the way that the packet took shows that its source must be spared. */
export const RULE_ORIGINS = [
  'built in',
  'ignore file',
  'own',
  'gateway',
  'server',
  'session',
  'opened',
  'trial',
  'sensor',
] as const;
export type RuleOrigin = (typeof RULE_ORIGINS)[number];

/** A rule that spares addresses. */
export interface NeverBlockRule {
  /** The rule and its entry, such as `resolver 10.0.0.53 of /etc/resolv.conf`. */
  readonly text: string;
  /** The log leaves its sources out. The ignore file is silent, as in 1.x; other rules only keep the block away. */
  readonly isSilent: boolean;
  readonly origin: RuleOrigin;
  /** It spares the source only while its packets may be forged: a proof that they are its own gets it blocked. */
  readonly yieldsToProof?: true;
}

type Entry = readonly [prefix: Prefix, rule: NeverBlockRule, origin: RuleOrigin];

/**
 * A network with one of these in it is not blocked as a whole: the host, its gateways and its peers on the link would
 * be cut off from each other, and a peer of the host's own connections has no place in the firewall's list.
 */
const KEEPS_ITS_NETWORK: ReadonlySet<RuleOrigin> = new Set(['built in', 'own', 'gateway', 'opened', 'trial']);

/**
 * The addresses that are never blocked, whatever the configuration says, and the rule for each. A new lookup
 * replaces its list as a whole.
 */
export class NeverBlock {
  #ignored: readonly Entry[] = [];
  #own: readonly Entry[] = [];
  #lifelines: readonly Entry[] = [];
  #engines: readonly Entry[] = [];
  #trial: readonly Entry[] = [];
  /** The peers of connections that this host opened. */
  #opened: readonly Entry[] = [];
  /** All but `#opened`. */
  #entries: readonly Entry[] = [];
  #table = new PrefixTable<NeverBlockRule>();
  #openedTable = new PrefixTable<NeverBlockRule>();

  /**
   * The rule that spares the address; null when it may be blocked. `evidence` is what is known of its packets; without
   * it they may be forged.
   */
  match(address: Address, evidence?: Evidence): NeverBlockRule | null {
    const rule = this.#table.match(address) ?? builtInRule(address);
    if (rule !== null || (evidence !== undefined && PROOFS.has(evidence))) return rule;
    return this.#openedTable.match(address) ?? null;
  }

  /** The text of the rule that spares the address; null when it may be blocked. */
  ruleFor(address: Address): string | null {
    return this.match(address)?.text ?? null;
  }

  /**
   * The rule that a block of this target would break. A network may be blocked although a spared address is in it, where
   * the firewall lets that address pass (`sparesInside`). A rule that yields to a proof counts only for networks.
   */
  ruleForNetwork(network: Prefix, sparesInside = false): string | null {
    if (network.length === ADDRESS_BITS)
      return (this.#table.match(network.address) ?? builtInRule(network.address))?.text ?? null;
    const breaks = ([prefix, , origin]: Entry) =>
      overlaps(prefix, network) &&
      (!sparesInside || prefix.length <= network.length || KEEPS_ITS_NETWORK.has(origin));
    return [...BUILT_IN, ...this.#entries, ...this.#opened].find(breaks)?.[1].text ?? null;
  }

  /** The rule for which a block of this target that stands is lifted: no session or connection that began later. */
  ruleThatLifts(network: Prefix, sparesInside = false): string | null {
    const lifts = ([prefix, , origin]: Entry) =>
      origin !== 'session' &&
      overlaps(prefix, network) &&
      (!sparesInside || prefix.length <= network.length || KEEPS_ITS_NETWORK.has(origin));
    return [...BUILT_IN, ...this.#entries].find(lifts)?.[1].text ?? null;
  }

  /**
   * The rule that keeps a network out of a list; null when a list may hold it. Single addresses in it that must pass are
   * spared by the firewall, but a list must not cut this host off from its own networks. Peers of this host's own
   * connections are no reason: a list may hold them.
   */
  ruleAgainstListing(network: Prefix): string | null {
    const breaks = ([prefix, , origin]: Entry) =>
      origin !== 'trial' &&
      overlaps(prefix, network) &&
      (prefix.length <= network.length || KEEPS_ITS_NETWORK.has(origin));
    return [...BUILT_IN, ...this.#entries].find(breaks)?.[1].text ?? null;
  }

  /** The rule that forbids even an administrator to block this target: it is this host, or no host at all. */
  ruleAgainstOrders(network: Prefix): string | null {
    const forbids = ([prefix, , origin]: Entry) =>
      (origin === 'own' || origin === 'built in') && overlaps(prefix, network);
    return [...BUILT_IN, ...this.#entries].find(forbids)?.[1].text ?? null;
  }

  /**
   * The prefixes that are spared besides the built-in ones, as canonical text, each once. A firewall lists them. Those
   * of sessions are left out where `isBlocked` says so, because a session that began later lifts no block.
   */
  prefixes(isBlocked: (prefix: string) => boolean = () => false): string[] {
    const texts = this.#entries.flatMap(([prefix, , origin]) => {
      const text = formatPrefix(prefix);
      return origin === 'session' && isBlocked(text) ? [] : [text];
    });
    return [...new Set(texts)];
  }

  /** The prefixes that the kernel must not hold: all but that of the trial, whose probe must not look like one of them. */
  prefixesOfSensor(): string[] {
    const held = [...this.#entries, ...this.#opened].filter(([, , origin]) => origin !== 'trial');
    return [...new Set(held.map(([prefix]) => formatPrefix(prefix)))];
  }

  /** The entries of IGNORE_FILE. */
  setIgnore(entries: readonly IgnoreEntry[]): void {
    this.#ignored = entries.map(({ prefix, text, file, line }) => [
      prefix,
      { text: `ignore file ${file}:${line} ${text}`, isSilent: true, origin: 'ignore file' },
      'ignore file',
    ]);
    this.#rebuild();
  }

  /** This host's addresses, and the broadcast addresses of its networks. */
  setOwn(addresses: readonly Address[], broadcasts: readonly Address[]): void {
    this.#own = [
      ...broadcasts.map((address) => single(address, `broadcast ${address}`, 'own')),
      ...addresses.map((address) => single(address, `own address ${address}`, 'own')),
    ];
    this.#rebuild();
  }

  /** The addresses that AUTO_IGNORE found. */
  setLifelines({ gateways, resolvers, timeServers, sessions, opened }: Lifelines): void {
    this.#lifelines = [
      // Of an address that several of them name, the last one names the rule.
      ...sessions.map(({ address, by }) =>
        single(address, `session from ${address}, found by ${by}`, 'session'),
      ),
      ...timeServers.map(({ address, of }) => single(address, `time server ${address} of ${of}`, 'server')),
      ...resolvers.map(({ address, of }) => single(address, `resolver ${address} of ${of}`, 'server')),
      ...gateways.map(({ address, of, isDefault }) =>
        single(address, `${isDefault ? 'default ' : ''}gateway ${address} of ${of}`, 'gateway'),
      ),
    ];
    this.#opened = opened.map(toOpened);
    this.#rebuild();
  }

  /** The addresses of the engine that SHARE asks: a list that comes from it must not cut this host off from it. */
  setEngines(engines: readonly { readonly address: Address; readonly of: string }[]): void {
    this.#engines = engines.map(({ address, of }) => single(address, `engine ${address} of ${of}`, 'server'));
    this.#rebuild();
  }

  /** The address from which `doctor` sends its probe, which must not look like a scan; null when the trial is over. */
  setTrial(address: Address | null): void {
    this.#trial =
      address === null ? [] : [single(address, `trial probe of doctor from ${address}`, 'trial', true)];
    this.#rebuild();
  }

  /**
   * One table for all lists, so that a probe costs one lookup. The last entry of an address names the rule. An address
   * that the ignore file covers, by whatever prefix, has the rule of the ignore file, because the log is silent then.
   */
  #rebuild(): void {
    const ignored = tableOf(this.#ignored);
    const found = [...this.#engines, ...this.#lifelines, ...this.#own, ...this.#trial].map(
      ([prefix, rule, origin]): Entry => [
        prefix,
        ignored.match(prefix.address) ?? builtInRule(prefix.address) ?? rule,
        origin,
      ],
    );
    this.#openedTable = tableOf(this.#opened);
    this.#entries = [...found, ...this.#ignored];
    this.#table = tableOf(this.#entries);
  }
}

function tableOf(entries: readonly Entry[]): PrefixTable<NeverBlockRule> {
  const table = new PrefixTable<NeverBlockRule>();
  for (const [prefix, rule] of entries) table.set(prefix, rule);
  return table;
}

function single(address: Address, text: string, origin: RuleOrigin, isSilent = false): Entry {
  return [{ address, length: ADDRESS_BITS }, { text, isSilent, origin }, origin];
}

function toOpened({ peer, port }: Opened): Entry {
  const text = `peer ${peer} of a connection that this host opened to its port ${port}`;
  const rule = { text, isSilent: false, origin: 'opened', yieldsToProof: true } as const;
  return [{ address: peer, length: ADDRESS_BITS }, rule, 'opened'];
}

/** RFC 1122, section 3.2.1.3: {0, <any>} means this host or this network, and is no host's address. */
const UNSPECIFIED_V4 = builtIn('unspecified', '0.0.0.0/8');
const LOOPBACK_V4 = builtIn('loopback', '127.0.0.0/8');
const MULTICAST_V4 = builtIn('multicast', '224.0.0.0/4');
const BROADCAST_V4 = builtIn('broadcast', '255.255.255.255');
/** RFC 4291, sections 2.5.2, 2.5.3 and 2.7. */
const UNSPECIFIED_V6 = builtIn('unspecified', '::');
const LOOPBACK_V6 = builtIn('loopback', '::1');
const MULTICAST_V6 = builtIn('multicast', 'ff00::/8');

/** The same as `builtInRule`, for networks. */
const BUILT_IN: readonly Entry[] = [
  UNSPECIFIED_V4,
  LOOPBACK_V4,
  MULTICAST_V4,
  BROADCAST_V4,
  MULTICAST_V6,
  UNSPECIFIED_V6,
  LOOPBACK_V6,
];

function builtIn(name: string, network: string): Entry {
  const rule = { text: `${name} ${network}`, isSilent: false, origin: 'built in' } as const;
  return [parsePrefix(network) as Prefix, rule, 'built in'];
}

function builtInRule(address: Address): NeverBlockRule | null {
  return (address.isV4 ? builtInV4(address.w3) : builtInV6(address))?.[1] ?? null;
}

function builtInV4(value: number): Entry | null {
  const network = value >>> 24;
  if (network === 0) return UNSPECIFIED_V4;
  if (network === 127) return LOOPBACK_V4;
  if (network >>> 4 === 0xe) return MULTICAST_V4;
  return value >>> 0 === 0xffffffff ? BROADCAST_V4 : null;
}

function builtInV6({ w0, w1, w2, w3 }: Address): Entry | null {
  if (w0 >>> 24 === 0xff) return MULTICAST_V6;
  if (w0 !== 0 || w1 !== 0 || w2 !== 0) return null;
  if (w3 === 0) return UNSPECIFIED_V6;
  return w3 === 1 ? LOOPBACK_V6 : null;
}
