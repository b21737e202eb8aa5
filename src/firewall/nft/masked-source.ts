import { Address } from '../../net/address.ts';
import { MAPPED_BITS, maskOf } from '../../net/prefix.ts';
import { FULL_LENGTH } from '../target.ts';

/** The source's address with all but its first `length` bits cleared, as in `ip saddr & 255.255.255.0`. */
export function maskedSource(family: 4 | 6, length: number): string {
  const field = family === 4 ? 'ip saddr' : 'ip6 saddr';
  if (length === FULL_LENGTH[family]) return field;
  const mask = family === 4 ? Address.v4(maskOf(MAPPED_BITS + length).w3) : maskOf(length);
  return `${field} & ${mask}`;
}
