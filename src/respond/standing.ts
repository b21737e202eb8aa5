import type { LedgerEntry } from '../ledger/entry.ts';
import type { Address } from '../net/address.ts';
import { type Prefix, PrefixTable, parsePrefix } from '../net/prefix.ts';
import { Neighbours } from './neighbours.ts';

/** The standing blocks by target, the oldest first. Finds the one that covers an address. */
export class StandingBlocks {
  readonly #entries = new Map<string, LedgerEntry>();
  readonly #networks = new PrefixTable<string>();
  readonly #neighbours: Neighbours;
  #sizeV4 = 0;

  /** IPv6 addresses with the same first `bits` bits are neighbours. */
  constructor(bits: number) {
    this.#neighbours = new Neighbours(bits);
  }

  get size(): number {
    return this.#entries.size;
  }

  /** How many are of IPv4 addresses and networks. */
  get sizeV4(): number {
    return this.#sizeV4;
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
    this.#neighbours.regroup(bits, this.#entries.keys());
  }

  /** Adds or replaces the block of this target, as the newest. */
  set(entry: LedgerEntry): void {
    const { target } = entry.block;
    if (!this.#entries.delete(target) && isV4(target)) this.#sizeV4++;
    this.#entries.set(target, entry);
    if (target.includes('/')) this.#networks.set(parsePrefix(target) as Prefix, target);
    else this.#neighbours.add(target);
  }

  delete(target: string): void {
    if (!this.#entries.delete(target)) return;
    if (isV4(target)) this.#sizeV4--;
    if (target.includes('/')) this.#networks.delete(parsePrefix(target) as Prefix);
    else this.#neighbours.delete(target);
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
    return this.#neighbours.of(network);
  }
}

function isV4(target: string): boolean {
  return !target.includes(':');
}
