import { formatPrefix, MAPPED_BITS, parsePrefix } from '../net/prefix.ts';

/** Characters shown of a refused target. */
const MAX_SHOWN_LENGTH = 64;

/** An address or prefix, in the parts that the commands of the back ends need. */
export interface Target {
  /** Canonical text, as in `Block`. */
  readonly text: string;
  readonly family: 4 | 6;
  /** Canonical text of the address alone. */
  readonly address: string;
  /** 1 to 32 or 1 to 128. */
  readonly length: number;
}

/** The length of an address in bits. */
export const FULL_LENGTH = { 4: 32, 6: 128 } as const;

/** Parses any text; null when it is no address or prefix, or when it is a prefix of length 0, which is everybody. */
export function parseTarget(text: string): Target | null {
  const prefix = parsePrefix(text);
  if (prefix === null) return null;
  const isV4 = prefix.address.isV4 && prefix.length >= MAPPED_BITS;
  const length = isV4 ? prefix.length - MAPPED_BITS : prefix.length;
  if (length === 0) return null;
  return {
    text: formatPrefix(prefix),
    family: isV4 ? 4 : 6,
    address: prefix.address.toString(),
    length,
  };
}

/** Why `parseTarget` returned null, in one line. */
export function noTarget(text: string): string {
  return `not an address or prefix that can be blocked: ${JSON.stringify(text.slice(0, MAX_SHOWN_LENGTH))}`;
}

/** `ADDR/LENGTH`, even for a single address. */
export function withLength({ address, length }: Target): string {
  return `${address}/${length}`;
}
