import { Address } from '../../net/address.ts';
import { MAPPED_BITS, maskOf } from '../../net/prefix.ts';
import { SET_SIZE } from '../set-carrier.ts';
import { FULL_LENGTH } from '../target.ts';

/** Everything of ours is in this table, and nothing of anybody else's is touched. */
export const TABLE = 'inet portsentry';
export const TABLE_NAME = 'portsentry';

/** `block` is dropped, `spare` passes whatever is blocked. */
export type ListName = 'block' | 'spare';

/**
 * One hash set for each list, family and length of prefix; the source's address is masked before it is looked up.
 * An interval set would take all lengths, but no overlaps, and nft reads all of it back before each command:
 * 47 ms with 10,000 elements, where this takes half a millisecond.
 */
export interface SetKey {
  readonly list: ListName;
  readonly family: 4 | 6;
  /** 1 to 32 or 1 to 128. */
  readonly length: number;
}

/** Without these nobody was ever blocked by us. */
export const BASE: readonly SetKey[] = [
  { list: 'block', family: 4, length: 32 },
  { list: 'block', family: 6, length: 128 },
];

/** Such as `block6_64`. */
export function nameOf({ list, family, length }: SetKey): string {
  return `${list}${family}_${length}`;
}

/** The key of a set by its name; null when it is none of ours. */
export function keyOf(name: string): SetKey | null {
  const match = /^(block|spare)([46])_([1-9]\d{0,2})$/.exec(name);
  if (match === null) return null;
  const family = match[2] === '4' ? 4 : 6;
  const length = Number(match[3]);
  return length > FULL_LENGTH[family] ? null : { list: match[1] as ListName, family, length };
}

export function typeOf({ family }: SetKey): string {
  return `ipv${family}_addr`;
}

/**
 * The set's declaration on one line, with its elements. It adds them to a set that is there. `add element` would
 * do the same, but reads every interval set of the host first: 50 ms where somebody holds a list of 20,000 networks.
 */
export function declaration(key: SetKey, elements: readonly string[]): string {
  const holds = elements.length === 0 ? '' : ` elements = { ${elements.join(', ')} };`;
  return `set ${nameOf(key)} { type ${typeOf(key)}; size ${SET_SIZE}; flags timeout;${holds} };`;
}

/** The rule that looks a source up in the set. */
export function ruleFor(key: SetKey): string {
  const field = key.family === 4 ? 'ip saddr' : 'ip6 saddr';
  const masked = key.length === FULL_LENGTH[key.family] ? field : `${field} & ${maskText(key)}`;
  const verdict = key.list === 'spare' ? 'accept' : `counter name dropped${key.family} drop`;
  return `${masked} @${nameOf(key)} ${verdict}`;
}

function maskText({ family, length }: SetKey): string {
  return (family === 4 ? Address.v4(maskOf(MAPPED_BITS + length).w3) : maskOf(length)).toString();
}
