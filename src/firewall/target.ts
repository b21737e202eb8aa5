import { formatPrefix, MAPPED_BITS, parsePrefix } from '../net/prefix.ts';

/** Of a refused target, so many characters are shown. */
const MAX_SHOWN = 64;

/** An address or prefix as the commands of the back ends need it. */
export interface Target {
  /** Canonical text, as in `Block`. */
  readonly text: string;
  readonly family: 4 | 6;
  /** Canonical text of the address alone. */
  readonly address: string;
  /** 1 to 32 or 1 to 128. */
  readonly length: number;
}

/** Bits of an address. */
export const FULL_LENGTH = { 4: 32, 6: 128 } as const;

/** Whatever the text: null when it is no address and no prefix, or one that would shut out everybody. */
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

/** Why `parseTarget` gave null, in one line. */
export function noTarget(text: string): string {
  return `not an address or prefix that can be blocked: ${JSON.stringify(text.slice(0, MAX_SHOWN))}`;
}

/** `ADDR/LENGTH`, also for a single address. */
export function withLength({ address, length }: Target): string {
  return `${address}/${length}`;
}
