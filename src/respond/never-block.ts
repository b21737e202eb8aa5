import type { Address } from '../net/address.ts';
import { formatPrefix, overlaps, type Prefix, PrefixTable, parsePrefix } from '../net/prefix.ts';
import type { Lifelines } from '../watch/lifelines.ts';
import type { IgnoreEntry } from './ignore-file.ts';

const ADDRESS_BITS = 128;

/**
 * The addresses that are never blocked, whatever the configuration says, and the rule for each. A new lookup
 * replaces its list as a whole.
 */
export class NeverBlock {
  #ignored: readonly IgnoreEntry[] = [];
  #own: readonly Address[] = [];
  #broadcasts: readonly Address[] = [];
  readonly #learned = new Map<string, readonly Address[]>();
  #entries: readonly (readonly [prefix: Prefix, rule: string])[] = [];
  #table = new PrefixTable<string>();

  /** The rule that spares the address, such as `ignore file 10.0.0.0/8`; null when it may be blocked. */
  ruleFor(address: Address): string | null {
    return builtInRule(address) ?? this.#table.match(address) ?? null;
  }

  /** The rule that a block of this whole network would break. It may spare a part of the network or more than it. */
  ruleForNetwork(network: Prefix): string | null {
    if (network.length === ADDRESS_BITS) return this.ruleFor(network.address);
    for (const [prefix, rule] of BUILT_IN) if (overlaps(prefix, network)) return rule;
    return this.#entries.find(([prefix]) => overlaps(prefix, network))?.[1] ?? null;
  }

  /**
   * The prefixes that are spared besides the built-in ones, as canonical text, each once, for a firewall's list; without
   * those of the rule `but`.
   */
  prefixes(but?: string): string[] {
    const entries = this.#entries.filter(([, rule]) => rule !== but);
    return [...new Set(entries.map(([prefix]) => formatPrefix(prefix)))];
  }

  /** The entries of IGNORE_FILE. */
  setIgnore(entries: readonly IgnoreEntry[]): void {
    this.#ignored = entries;
    this.#rebuild();
  }

  /** This host's addresses, and the broadcast addresses of its networks. */
  setOwn(addresses: readonly Address[], broadcasts: readonly Address[]): void {
    this.#own = addresses;
    this.#broadcasts = broadcasts;
    this.#rebuild();
  }

  /** The addresses that AUTO_IGNORE found. */
  setLifelines({ gateways, resolvers, sshPeers }: Lifelines): void {
    this.setLearned('default gateway', gateways);
    this.setLearned('resolver', resolvers);
    this.setLearned('SSH peer', sshPeers);
  }

  /** Addresses that were found, and the name of the rule that spares them. */
  setLearned(rule: string, addresses: readonly Address[]): void {
    this.#learned.set(rule, addresses);
    this.#rebuild();
  }

  /** One table for all lists, so that a probe costs one lookup. The last entry of an address names the rule. */
  #rebuild(): void {
    const table = new PrefixTable<string>();
    const all = (addresses: readonly Address[], rule: string) =>
      addresses.map((address) => [single(address), rule] as const);
    this.#entries = [
      ...[...this.#learned].flatMap(([rule, addresses]) => all(addresses, rule)),
      ...this.#ignored.map(({ prefix, text }) => [prefix, `ignore file ${text}`] as const),
      ...all(this.#broadcasts, 'broadcast'),
      ...all(this.#own, 'own address'),
    ];
    for (const [prefix, rule] of this.#entries) table.set(prefix, rule);
    this.#table = table;
  }
}

/** The same as `builtInRule`, for networks. */
const BUILT_IN = [
  ['0.0.0.0/8', 'unspecified'],
  ['127.0.0.0/8', 'loopback'],
  ['224.0.0.0/4', 'multicast'],
  ['255.255.255.255', 'broadcast'],
  ['ff00::/8', 'multicast'],
  ['::', 'unspecified'],
  ['::1', 'loopback'],
].map(([text, rule]) => [parsePrefix(text as string) as Prefix, rule as string] as const);

function single(address: Address): Prefix {
  return { address, length: ADDRESS_BITS };
}

function builtInRule(address: Address): string | null {
  return address.isV4 ? builtInRuleV4(address.w3) : builtInRuleV6(address);
}

function builtInRuleV4(value: number): string | null {
  const network = value >>> 24;
  // RFC 1122, section 3.2.1.3: {0, <any>} means this host or this network, and is no host's address.
  if (network === 0) return 'unspecified';
  if (network === 127) return 'loopback';
  if (network >>> 4 === 0xe) return 'multicast';
  return value >>> 0 === 0xffffffff ? 'broadcast' : null;
}

/** RFC 4291, sections 2.5.2, 2.5.3 and 2.7. */
function builtInRuleV6({ w0, w1, w2, w3 }: Address): string | null {
  if (w0 >>> 24 === 0xff) return 'multicast';
  if (w0 !== 0 || w1 !== 0 || w2 !== 0) return null;
  if (w3 === 0) return 'unspecified';
  return w3 === 1 ? 'loopback' : null;
}
