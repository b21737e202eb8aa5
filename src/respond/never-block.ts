import type { Address } from '../net/address.ts';
import { formatPrefix, overlaps, type Prefix, PrefixTable, parsePrefix } from '../net/prefix.ts';
import type { Lifelines } from '../watch/lifelines.ts';
import type { IgnoreEntry } from './ignore-file.ts';

const ADDRESS_BITS = 128;

/** A rule that spares addresses. */
export interface NeverBlockRule {
  /** The rule and its entry, such as `resolver 10.0.0.53 of /etc/resolv.conf`. */
  readonly text: string;
  /** The log leaves its sources out. The ignore file is silent, as in 1.x; other rules only keep the block away. */
  readonly isSilent: boolean;
}

type Entry = readonly [prefix: Prefix, rule: NeverBlockRule];

/**
 * The addresses that are never blocked, whatever the configuration says, and the rule for each. A new lookup
 * replaces its list as a whole.
 */
export class NeverBlock {
  #ignored: readonly Entry[] = [];
  #own: readonly Entry[] = [];
  #lifelines: readonly Entry[] = [];
  #trial: readonly Entry[] = [];
  #entries: readonly Entry[] = [];
  #table = new PrefixTable<NeverBlockRule>();

  /** The rule that spares the address; null when it may be blocked. */
  match(address: Address): NeverBlockRule | null {
    return this.#table.match(address) ?? builtInRule(address);
  }

  /** The text of the rule that spares the address; null when it may be blocked. */
  ruleFor(address: Address): string | null {
    return this.match(address)?.text ?? null;
  }

  /** The rule that a block of this whole network would break. It may spare a part of the network or more than it. */
  ruleForNetwork(network: Prefix): string | null {
    if (network.length === ADDRESS_BITS) return this.ruleFor(network.address);
    for (const [prefix, { text }] of BUILT_IN) if (overlaps(prefix, network)) return text;
    return this.#entries.find(([prefix]) => overlaps(prefix, network))?.[1].text ?? null;
  }

  /** The prefixes that are spared besides the built-in ones, as canonical text, each once. A firewall lists them. */
  prefixes(): string[] {
    return [...new Set(this.#entries.map(([prefix]) => formatPrefix(prefix)))];
  }

  /** The same without the address of the trial, whose probe must not look like that of a spared source. */
  prefixesWithoutTrial(): string[] {
    const [trial] = this.#trial;
    return this.prefixes().filter((text) => trial === undefined || text !== formatPrefix(trial[0]));
  }

  /** The entries of IGNORE_FILE. */
  setIgnore(entries: readonly IgnoreEntry[]): void {
    this.#ignored = entries.map(({ prefix, text, file, line }) => [
      prefix,
      { text: `ignore file ${file}:${line} ${text}`, isSilent: true },
    ]);
    this.#rebuild();
  }

  /** This host's addresses, and the broadcast addresses of its networks. */
  setOwn(addresses: readonly Address[], broadcasts: readonly Address[]): void {
    this.#own = [
      ...broadcasts.map((address) => single(address, `broadcast ${address}`)),
      ...addresses.map((address) => single(address, `own address ${address}`)),
    ];
    this.#rebuild();
  }

  /** The addresses that AUTO_IGNORE found. */
  setLifelines({ gateways, resolvers, sshPeers }: Lifelines): void {
    this.#lifelines = [
      ...gateways.map(({ address, of }) => single(address, `default gateway ${address} of ${of}`)),
      ...resolvers.map(({ address, of }) => single(address, `resolver ${address} of ${of}`)),
      ...sshPeers.map((address) => single(address, `SSH peer ${address}`)),
    ];
    this.#rebuild();
  }

  /** The address from which `doctor` sends its probe, which must not look like a scan; null when the trial is over. */
  setTrial(address: Address | null): void {
    this.#trial = address === null ? [] : [single(address, `trial probe of doctor from ${address}`, true)];
    this.#rebuild();
  }

  /**
   * One table for all lists, so that a probe costs one lookup. The last entry of an address names the rule. An address
   * that the ignore file covers, by whatever prefix, has the rule of the ignore file, because the log is silent then.
   */
  #rebuild(): void {
    const ignored = new PrefixTable<NeverBlockRule>();
    for (const [prefix, rule] of this.#ignored) ignored.set(prefix, rule);
    const found = [...this.#lifelines, ...this.#own, ...this.#trial].map(
      ([prefix, rule]): Entry => [
        prefix,
        ignored.match(prefix.address) ?? builtInRule(prefix.address) ?? rule,
      ],
    );
    const table = new PrefixTable<NeverBlockRule>();
    this.#entries = [...found, ...this.#ignored];
    for (const [prefix, rule] of this.#entries) table.set(prefix, rule);
    this.#table = table;
  }
}

function single(address: Address, text: string, isSilent = false): Entry {
  return [
    { address, length: ADDRESS_BITS },
    { text, isSilent },
  ];
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
  return [parsePrefix(network) as Prefix, { text: `${name} ${network}`, isSilent: false }];
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
