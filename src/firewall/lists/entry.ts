import { MAPPED_BITS, type Prefix } from '../../net/prefix.ts';

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

/** The length of a prefix in its own family: 0 to 32 or 0 to 128. */
export function lengthOf(prefix: Prefix): number {
  return familyOf(prefix) === 4 ? prefix.length - MAPPED_BITS : prefix.length;
}
