import { Address, parseAddress } from './address.ts';

/** Bits before the IPv4 part of a mapped address. */
export const MAPPED_BITS = 96;

/** The length of a prefix that is a single address. */
export const ADDRESS_BITS = 128;

/** A network: an address with its host bits cleared, and a length in the 128-bit space of `Address`. */
export interface Prefix {
  readonly address: Address;
  /** In bits, 0 to 128; an IPv4 /24 has 120. */
  readonly length: number;
}

/** Parses `ADDRESS` or `ADDRESS/LENGTH` of either family and clears the host bits. Returns null for any other text. */
export function parsePrefix(text: string): Prefix | null {
  const slash = text.indexOf('/');
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (address === null) return null;
  // "::ffff:10.0.0.1" is an IPv4 address, but a length after it counts 128 bits.
  const isV4Text = address.isV4 && !text.includes(':');
  const maxLength = isV4Text ? 32 : 128;
  if (slash < 0) return { address, length: 128 };
  const digits = text.slice(slash + 1);
  if (!/^(0|[1-9]\d{0,2})$/.test(digits) || Number(digits) > maxLength) return null;
  const length = Number(digits) + (isV4Text ? MAPPED_BITS : 0);
  return { address: maskAddress(address, length, new Address()), length };
}

/** The canonical text. A single address has no length. */
export function formatPrefix(prefix: Prefix): string {
  if (prefix.length === 128) return prefix.address.toString();
  if (prefix.length >= MAPPED_BITS && prefix.address.isV4) {
    return `${prefix.address}/${prefix.length - MAPPED_BITS}`;
  }
  return `${prefix.address}/${prefix.length}`;
}

/** Whether one of the two contains the other. Prefixes of different families never do. */
export function overlaps(one: Prefix, other: Prefix): boolean {
  if (one.address.isV4 !== other.address.isV4) return false;
  const length = Math.min(one.length, other.length);
  const masked = maskAddress(one.address, length, new Address());
  return masked.equals(maskAddress(other.address, length, new Address()));
}

/** The mask of a prefix length in the 128-bit space of `Address`: 0 to 128 leading one bits. */
export function maskOf(length: number): Address {
  return new Address(wordMask(length), wordMask(length - 32), wordMask(length - 64), wordMask(length - 96));
}

/** Writes `address` with all but its first `length` bits cleared into `into`, and returns it. */
export function maskAddress(address: Address, length: number, into: Address): Address {
  into.w0 = (address.w0 & wordMask(length)) >>> 0;
  into.w1 = (address.w1 & wordMask(length - 32)) >>> 0;
  into.w2 = (address.w2 & wordMask(length - 64)) >>> 0;
  into.w3 = (address.w3 & wordMask(length - 96)) >>> 0;
  return into;
}

function wordMask(bits: number): number {
  if (bits >= 32) return 0xffffffff;
  return bits <= 0 ? 0 : ~(0xffffffff >>> bits) >>> 0;
}

/**
 * Longest-prefix match: one hash table for each length in use, tried from the longest. An ignore file uses only a few
 * lengths, so a match takes only a few look-ups, however many entries there are.
 */
export class PrefixTable<T> {
  readonly #lengths: number[] = [];
  readonly #byLength = new Map<number, Map<string, T>>();
  readonly #masked = new Address();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds a prefix, or replaces its value. */
  set(prefix: Prefix, value: T): void {
    let table = this.#byLength.get(prefix.length);
    if (table === undefined) {
      table = new Map();
      this.#byLength.set(prefix.length, table);
      this.#lengths.push(prefix.length);
      this.#lengths.sort((a, b) => b - a);
    }
    const key = keyOf(prefix.address);
    if (!table.has(key)) this.#size++;
    table.set(key, value);
  }

  /** Removes exactly this prefix. Returns false when the table does not hold it. */
  delete(prefix: Prefix): boolean {
    const table = this.#byLength.get(prefix.length);
    if (!table?.delete(keyOf(prefix.address))) return false;
    this.#size--;
    if (table.size > 0) return true;
    this.#byLength.delete(prefix.length);
    this.#lengths.splice(this.#lengths.indexOf(prefix.length), 1);
    return true;
  }

  /** The value of the longest prefix that contains the address, or undefined. ::/0 contains no IPv4 address. */
  match(address: Address): T | undefined {
    const shortest = address.isV4 ? MAPPED_BITS : 0;
    for (const length of this.#lengths) {
      if (length < shortest) break;
      const value = this.#byLength.get(length)?.get(keyOf(maskAddress(address, length, this.#masked)));
      if (value !== undefined) return value;
    }
    return undefined;
  }
}

function keyOf(address: Address): string {
  return `${address.w0}.${address.w1}.${address.w2}.${address.w3}`;
}
