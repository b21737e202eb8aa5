import type { Prefix } from '../../net/prefix.ts';
import { familyOf, lengthOf } from './entry.ts';

/** The table of the named lists. Blocks are in a table of their own. */
export const LIST_TABLE = 'inet portsentry_lists';

/** Its name without the family. */
export const LIST_TABLE_NAME = 'portsentry_lists';

/** What passes whatever is listed; its sets are as those of a list. */
export const SPARED = 'spared';

/** The most lists; each packet is looked up in each of them. */
export const MAX_LISTS = 16;

/** The most entries of all lists together. */
export const MAX_LIST_ENTRIES = 200_000;

/** The most prefix lengths of a list in one family: each one costs a look-up for each packet. */
export const MAX_LENGTHS = 32;

/** A list's name, as in `spamhaus-drop`. The kernel's sets are named after it. */
const LIST_NAME = /^[a-z][a-z0-9_-]{0,31}$/;

/** What a name of a list must be, for messages. */
export const LIST_NAME_EXPECTED = `a name of 1 to 32 of a-z, 0-9, - and _ that begins with a letter and is not "${SPARED}"`;

/** Whether the text can be the name of a list. */
export function isListName(text: string): boolean {
  return LIST_NAME.test(text) && text !== SPARED;
}

/**
 * A hash set in the kernel. Each list has one for each family and prefix length. An interval set would hold all lengths, but
 * nft reads the interval sets of the whole host before each `delete element`. With 100,000 ranges each release of a block
 * then took a second, and the sensor's table did not answer in time.
 */
export interface ListSet {
  readonly list: string;
  readonly family: 4 | 6;
  /** 1 to 32 or 1 to 128. */
  readonly length: number;
  /** A table that is made anew has sets of another generation beside the old ones until it takes their place. */
  readonly generation: number;
}

const SET_NAME = /^([a-z][a-z0-9_-]*)_([46])_(\d{1,3})_(\d{1,9})$/;

/** The set for a prefix. */
export function setFor(list: string, prefix: Prefix, generation: number): ListSet {
  return { list, family: familyOf(prefix), length: lengthOf(prefix), generation };
}

/** The name of a set, such as `drop_4_24_1`. */
export function setName({ list, family, length, generation }: ListSet): string {
  return `${list}_${family}_${length}_${generation}`;
}

/** The set of this name; null when it is none of ours. */
export function readSetName(name: string): ListSet | null {
  const [, list, family, length, generation] = SET_NAME.exec(name) ?? [];
  if (list === undefined) return null;
  return {
    list,
    family: family === '4' ? 4 : 6,
    length: Number(length),
    generation: Number(generation),
  };
}

/** The name of a list's counter. */
export function counterName(list: string): string {
  return `dropped_${list}`;
}

/** The list that this counter belongs to; null when it is another one. */
export function listOfCounter(name: string): string | null {
  const list = /^dropped_(.*)$/.exec(name)?.[1] ?? '';
  return isListName(list) ? list : null;
}
