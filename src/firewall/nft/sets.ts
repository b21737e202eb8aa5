import { SET_SIZE } from '../set-carrier.ts';
import { FULL_LENGTH } from '../target.ts';
import { maskedSource } from './masked-source.ts';

/** All our rules and sets are in this table; we change no other. */
export const TABLE = 'inet portsentry';
/** Its name without the family. */
export const TABLE_NAME = 'portsentry';

/** Sources in `block` are dropped unless they are in `spare`. */
type ListName = 'block' | 'spare';

/**
 * Identifies a hash set. There is one for each list, family and prefix length, and a rule masks the source's address
 * before the lookup. One interval set would hold all lengths, but no overlaps, and nft reads all of it back before each
 * command: 47 ms with 10,000 elements, where a hash set takes 0.5 ms.
 */
export interface SetKey {
  readonly list: ListName;
  readonly family: 4 | 6;
  /** 1 to 32 or 1 to 128. */
  readonly length: number;
}

/** The sets that every table of ours has. */
export const BASE_SETS: readonly SetKey[] = [
  { list: 'block', family: 4, length: 32 },
  { list: 'block', family: 6, length: 128 },
];

/** The name in the kernel, such as `block6_64`. */
export function nameOf({ list, family, length }: SetKey): string {
  return `${list}${family}_${length}`;
}

/** The key of the set with this name; null when it is not ours. */
export function keyOf(name: string): SetKey | null {
  const match = /^(block|spare)([46])_([1-9]\d{0,2})$/.exec(name);
  if (match === null) return null;
  const family = match[2] === '4' ? 4 : 6;
  const length = Number(match[3]);
  return length > FULL_LENGTH[family] ? null : { list: match[1] as ListName, family, length };
}

/** nft's type of the set's elements. */
export function typeOf({ family }: SetKey): string {
  return `ipv${family}_addr`;
}

/**
 * The set's declaration on one line, with its elements. If the set exists, this adds the elements. `add element` does
 * the same, but first reads every interval set of the host: 50 ms where one holds 20,000 networks.
 */
export function declaration(key: SetKey, elements: readonly string[]): string {
  const content = elements.length === 0 ? '' : ` elements = { ${elements.join(', ')} };`;
  return `set ${nameOf(key)} { type ${typeOf(key)}; size ${SET_SIZE}; flags timeout;${content} };`;
}

/** The rule that looks up a source in the set; `reports`: a blocked one is reported before it is dropped. */
export function ruleFor(key: SetKey, reports: boolean): string {
  const dropping = reports ? `goto ${reportingChainOf(key.family)}` : droppingVerdict(key.family);
  return `${maskedSource(key.family, key.length)} @${nameOf(key)} ${key.list === 'spare' ? 'accept' : dropping}`;
}

/** The chain that reports and drops packets of blocked sources. */
export function reportingChainOf(family: 4 | 6): string {
  return `blocked${family}`;
}

/** Counts and drops a packet. */
export function droppingVerdict(family: 4 | 6): string {
  return `counter name dropped${family} drop`;
}
