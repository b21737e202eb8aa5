import { formatPrefix, type Prefix, parsePrefix } from '../net/prefix.ts';

const ADDRESS_BITS = 128;

/** Single IPv6 addresses by the network that they are in. Bounded by who adds them. */
export class Neighbours {
  readonly #byNetwork = new Map<string, Set<string>>();
  #bits: number;

  /** Addresses with the same first `bits` bits are neighbours; with 128 none are. */
  constructor(bits: number) {
    this.#bits = bits;
  }

  /** Changes how many bits neighbours have in common, and adds these targets anew. */
  regroup(bits: number, targets: Iterable<string>): void {
    if (bits === this.#bits) return;
    this.#bits = bits;
    this.#byNetwork.clear();
    for (const target of targets) this.add(target);
  }

  /** Adds a target, if it is a single IPv6 address. */
  add(target: string): void {
    if (!this.#isGrouped(target)) return;
    const network = networkOf(target, this.#bits);
    const members = this.#byNetwork.get(network);
    if (members === undefined) this.#byNetwork.set(network, new Set([target]));
    else members.add(target);
  }

  delete(target: string): void {
    if (!this.#isGrouped(target)) return;
    const network = networkOf(target, this.#bits);
    const members = this.#byNetwork.get(network);
    members?.delete(target);
    if (members?.size === 0) this.#byNetwork.delete(network);
  }

  /** The addresses in a network, as canonical text. */
  of(network: string): readonly string[] {
    return [...(this.#byNetwork.get(network) ?? [])];
  }

  #isGrouped(target: string): boolean {
    return this.#bits < ADDRESS_BITS && target.includes(':') && !target.includes('/');
  }
}

/** The network of `bits` bits that contains an IPv6 address, as canonical text. */
export function networkOf(address: string, bits: number): string {
  return formatPrefix(parsePrefix(`${address}/${bits}`) as Prefix);
}
