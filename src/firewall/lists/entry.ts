import type { Address } from '../../net/address.ts';
import { MAPPED_BITS, type Prefix } from '../../net/prefix.ts';

/** The bits of an address in the space of `Prefix`. */
const ADDRESS_BITS = 128;

/** One member of a named list. */
export interface ListEntry {
  readonly prefix: Prefix;
  /** When it ends by itself, ms since the epoch; null for never. */
  readonly until: number | null;
}

/** 4 or 6: the family of a prefix. */
export function familyOf({ address, length }: Prefix): 4 | 6 {
  return address.isV4 && length >= MAPPED_BITS ? 4 : 6;
}

/** Whether the prefix is a single address. */
export function isSingle({ length }: Prefix): boolean {
  return length === ADDRESS_BITS;
}

/**
 * The ranges of one family without those that lie in another one, in the order of their addresses. Prefixes are nested
 * or disjoint, and an interval set takes no overlaps.
 */
export function withoutNested<T extends { readonly prefix: Prefix }>(ranges: readonly T[]): T[] {
  const inOrder = [...ranges].sort(
    (a, b) => compare(a.prefix.address, b.prefix.address) || a.prefix.length - b.prefix.length,
  );
  const kept: T[] = [];
  for (const range of inOrder) {
    const last = kept.at(-1);
    if (last === undefined || !contains(last.prefix, range.prefix)) kept.push(range);
  }
  return kept;
}

/** Whether `inner`, which does not begin before `outer`, lies in it. */
function contains(outer: Prefix, inner: Prefix): boolean {
  if (inner.length < outer.length) return false;
  const { address: a } = outer;
  const { address: b } = inner;
  const words = [a.w0 ^ b.w0, a.w1 ^ b.w1, a.w2 ^ b.w2, a.w3 ^ b.w3];
  return words.every((difference, index) => {
    const bits = Math.min(Math.max(outer.length - 32 * index, 0), 32);
    return bits === 0 || difference >>> (32 - bits) === 0;
  });
}

function compare(a: Address, b: Address): number {
  return a.w0 - b.w0 || a.w1 - b.w1 || a.w2 - b.w2 || a.w3 - b.w3;
}
