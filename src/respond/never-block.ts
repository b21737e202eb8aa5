import type { Address } from '../net/address.ts';
import { formatPrefix, overlaps, type Prefix, PrefixTable, parsePrefix } from '../net/prefix.ts';
import type { Lifelines } from '../watch/lifelines.ts';
import type { IgnoreEntry } from './ignore-file.ts';

const SINGLE_ADDRESS = 128;

/**
 * Who is never blocked, whatever is configured, and by which rule (design, section 6). Each list is replaced
 * as a whole when it was looked up anew.
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

  /** The rule that a block of this whole network would break: it spares the network, a part of it or more than it. */
  ruleForNetwork(network: Prefix): string | null {
    if (network.length === SINGLE_ADDRESS) return this.ruleFor(network.address);
    for (const [prefix, rule] of BUILT_IN) if (overlaps(prefix, network)) return rule;
    return this.#entries.find(([prefix]) => overlaps(prefix, network))?.[1] ?? null;
  }

  /** What is spared beyond the built-in rules, as canonical text, each once: for a firewall's own list. */
  prefixes(): string[] {
    return [...new Set(this.#entries.map(([prefix]) => formatPrefix(prefix)))];
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

  /** What AUTO_IGNORE found out. */
  setLifelines({ gateways, resolvers, sshPeers }: Lifelines): void {
    this.setLearned('default gateway', gateways);
    this.setLearned('resolver', resolvers);
    this.setLearned('SSH peer', sshPeers);
  }

  /** What was found out: addresses by the name of the rule that spares them. */
  setLearned(rule: string, addresses: readonly Address[]): void {
    this.#learned.set(rule, addresses);
    this.#rebuild();
  }

  /** One table for all lists, so that a probe costs one lookup. What is set last names the rule. */
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
  return { address, length: SINGLE_ADDRESS };
}

function builtInRule(address: Address): string | null {
  return address.isV4 ? builtInRuleV4(address.w3) : builtInRuleV6(address);
}

function builtInRuleV4(value: number): string | null {
  const network = value >>> 24;
  // RFC 1122, section 3.2.1.3: {0, <any>} means this host or this network, and is nobody's address.
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
