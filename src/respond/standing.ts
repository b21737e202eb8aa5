import type { LedgerEntry } from '../ledger/entry.ts';
import type { Address } from '../net/address.ts';
import { formatPrefix, type Prefix, PrefixTable, parsePrefix } from '../net/prefix.ts';

const ADDRESS_BITS = 128;

/** The standing blocks by target, the oldest first. Finds the one that covers an address. */
export class StandingBlocks {
  readonly #entries = new Map<string, LedgerEntry>();
  readonly #networks = new PrefixTable<string>();
  /** Single IPv6 targets by their network. */
  readonly #neighbours = new Map<string, Set<string>>();
  #bits: number;

  /** IPv6 addresses with the same first `bits` bits are neighbours. */
  constructor(bits: number) {
    this.#bits = bits;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(target: string): LedgerEntry | undefined {
    return this.#entries.get(target);
  }

  /** The oldest first. */
  values(): IterableIterator<LedgerEntry> {
    return this.#entries.values();
  }

  /** Changes how many bits neighbours have in common. */
  regroup(bits: number): void {
    if (bits === this.#bits) return;
    this.#bits = bits;
    this.#neighbours.clear();
    for (const target of this.#entries.keys()) this.#group(target);
  }

  /** Adds or replaces the block of this target, as the newest. */
  set(entry: LedgerEntry): void {
    const { target } = entry.block;
    this.#entries.delete(target);
    this.#entries.set(target, entry);
    if (target.includes('/')) this.#networks.set(parsePrefix(target) as Prefix, target);
    else this.#group(target);
  }

  delete(target: string): void {
    if (!this.#entries.delete(target)) return;
    if (target.includes('/')) this.#networks.delete(parsePrefix(target) as Prefix);
    else this.#ungroup(target);
  }

  /** The block that covers an address with the canonical text `text`. One lookup unless networks are blocked. */
  covering(address: Address, text: string): LedgerEntry | undefined {
    const single = this.#entries.get(text);
    if (single !== undefined || this.#networks.size === 0) return single;
    const network = this.#networks.match(address);
    return network === undefined ? undefined : this.#entries.get(network);
  }

  /** The blocked single addresses in an IPv6 network. */
  neighbours(network: string): readonly string[] {
    return [...(this.#neighbours.get(network) ?? [])];
  }

  #group(target: string): void {
    if (!isGrouped(target, this.#bits)) return;
    const network = networkOf(target, this.#bits);
    const members = this.#neighbours.get(network);
    if (members === undefined) this.#neighbours.set(network, new Set([target]));
    else members.add(target);
  }

  #ungroup(target: string): void {
    if (!isGrouped(target, this.#bits)) return;
    const network = networkOf(target, this.#bits);
    const members = this.#neighbours.get(network);
    members?.delete(target);
    if (members?.size === 0) this.#neighbours.delete(network);
  }
}

/** The network of `bits` bits that contains an IPv6 address, as canonical text. */
export function networkOf(address: string, bits: number): string {
  return formatPrefix(parsePrefix(`${address}/${bits}`) as Prefix);
}

function isGrouped(target: string, bits: number): boolean {
  return bits < ADDRESS_BITS && target.includes(':') && !target.includes('/');
}
