import type { Address } from '../net/address.ts';
import { type Prefix, PrefixTable } from '../net/prefix.ts';
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
  #table = new PrefixTable<string>();

  /** The rule that spares the address, such as `ignore file 10.0.0.0/8`; null when it may be blocked. */
  ruleFor(address: Address): string | null {
    return builtInRule(address) ?? this.#table.match(address) ?? null;
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

  /** What AUTO_IGNORE found out: addresses by the name of the rule that spares them, such as `gateway`. */
  setLearned(rule: string, addresses: readonly Address[]): void {
    this.#learned.set(rule, addresses);
    this.#rebuild();
  }

  /** One table for all lists, so that a probe costs one lookup. What is set last names the rule. */
  #rebuild(): void {
    const table = new PrefixTable<string>();
    for (const [rule, addresses] of this.#learned) {
      for (const address of addresses) table.set(single(address), rule);
    }
    for (const { prefix, text } of this.#ignored) table.set(prefix, `ignore file ${text}`);
    for (const address of this.#broadcasts) table.set(single(address), 'broadcast');
    for (const address of this.#own) table.set(single(address), 'own address');
    this.#table = table;
  }
}

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
