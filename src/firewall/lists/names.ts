/** The table of the named lists. Blocks are in a table of their own. */
export const LIST_TABLE = 'inet portsentry_lists';

/** Its name without the family. */
export const LIST_TABLE_NAME = 'portsentry_lists';

/** The most lists; each packet is looked up in each of them. */
export const MAX_LISTS = 16;

/** The most entries of all lists together: 200,000 take about two seconds of nft and 60 MB of this program. */
export const MAX_LIST_ENTRIES = 200_000;

/** A list's name, as in `spamhaus-drop`. The kernel's sets are named after it. */
const LIST_NAME = /^[a-z][a-z0-9_-]{0,31}$/;

/** What a name of a list must be, for messages. */
export const LIST_NAME_EXPECTED = 'a name of 1 to 32 of a-z, 0-9, - and _ that begins with a letter';

/** Whether the text can be the name of a list. */
export function isListName(text: string): boolean {
  return LIST_NAME.test(text);
}

/** A set in the kernel: `address` holds single addresses with time-outs, `range` disjoint networks. */
export interface ListSet {
  readonly holds: 'address' | 'range';
  readonly family: 4 | 6;
}

/** The sets of each list. */
export const LIST_SETS: readonly ListSet[] = [
  { holds: 'address', family: 4 },
  { holds: 'address', family: 6 },
  { holds: 'range', family: 4 },
  { holds: 'range', family: 6 },
];

/** The name of a list's set, such as `drop_range4`. No list has this name, because `nft` has no such keyword. */
export function setName(list: string, { holds, family }: ListSet): string {
  return `${list}_${holds}${family}`;
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
