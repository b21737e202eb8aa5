import { ADDRESS_BITS, formatPrefix, type Prefix } from '../../net/prefix.ts';
import { timeoutText } from '../../nft/timeout.ts';
import { maskedSource } from '../nft/masked-source.ts';
import type { ListEntry } from './entry.ts';
import { counterName, LIST_TABLE, type ListSet, MAX_LIST_ENTRIES, SPARED, setFor, setName } from './names.ts';

/**
 * Behind the chain of the blocks (-310) and, as it is, before connection tracking and the destination NAT of published
 * container ports.
 */
const PRIORITY = -309;

/** Flushing this empty chain fails, and with it the whole transaction, when the table is gone. */
const GUARD = `flush chain ${LIST_TABLE} guard`;

/** What changes in the sets of a list. */
export interface Changes {
  readonly added: readonly ListEntry[];
  /** Entries that the kernel may hold with another end. */
  readonly replaced: readonly ListEntry[];
  /** The kernel may have ended them already. */
  readonly removed: readonly Pick<ListEntry, 'prefix'>[];
}

/** Makes the table with these sets, without rules, or adds the sets to a table that is there. */
export function declaring(lists: readonly string[], sets: readonly ListSet[]): string {
  return [
    `table ${LIST_TABLE} {`,
    ...lists.map((list) => `counter ${counterName(list)} { }`),
    ...sets.map((set) => declaration(set, [])),
    'chain guard { }',
    `chain prerouting { ${HOOK} }`,
    '}',
    '',
  ].join('\n');
}

/** Puts these sets in force in the place of all others, in one step; what is in `gone` is deleted. */
export function ruling(
  sets: readonly ListSet[],
  gone: { readonly sets: readonly ListSet[]; readonly lists: readonly string[] },
): string {
  return [
    `flush chain ${LIST_TABLE} prerouting`,
    `table ${LIST_TABLE} {`,
    'chain prerouting {',
    HOOK,
    // What passes comes first.
    ...sets.filter(({ list }) => list === SPARED).map(rule),
    ...sets.filter(({ list }) => list !== SPARED).map(rule),
    '}',
    '}',
    ...gone.sets.map((set) => `delete set ${LIST_TABLE} ${setName(set)}`),
    // The counter is added before, because to delete one that is not there fails, and with it everything.
    ...gone.lists.flatMap((list) => [
      `add counter ${LIST_TABLE} ${counterName(list)}`,
      `delete counter ${LIST_TABLE} ${counterName(list)}`,
    ]),
    '',
  ].join('\n');
}

/** Deletes sets that no rule names. */
export function deleting(sets: readonly ListSet[]): string {
  return sets.map((set) => `delete set ${LIST_TABLE} ${setName(set)}\n`).join('');
}

/** Deletes the table. */
export const REMOVAL = `delete table ${LIST_TABLE}\n`;

/**
 * Changes the elements of a list's sets, which must be there; `now` in ms since the epoch. To delete an element that has
 * ended fails, and to add one that exists keeps its old end: so each that may exist is added, deleted and, unless it is
 * removed, added again. Only the outcome takes effect.
 */
export function changing(
  list: string,
  generation: number,
  { added, replaced, removed }: Changes,
  now: number,
): string {
  const bare = bySet(list, generation, [...replaced, ...removed], ({ prefix }) => addressText(prefix));
  const full = bySet(
    list,
    generation,
    [...added, ...replaced].filter(({ until }) => until === null || until > now),
    ({ prefix, until }) => `${addressText(prefix)}${timeoutText(until, now)}`,
  );
  return [
    GUARD,
    ...filling(bare),
    ...bare.map(
      ([set, elements]) => `delete element ${LIST_TABLE} ${setName(set)} { ${elements.join(', ')} }`,
    ),
    ...filling(full),
    '',
  ].join('\n');
}

const HOOK = `type filter hook prerouting priority ${PRIORITY}; policy accept;`;

/** A declaration adds its elements to a set that exists. */
function filling(sets: readonly (readonly [ListSet, readonly string[]])[]): string[] {
  if (sets.length === 0) return [];
  return [`table ${LIST_TABLE} {`, ...sets.map(([set, elements]) => declaration(set, elements)), '}'];
}

function bySet<T extends { readonly prefix: Prefix }>(
  list: string,
  generation: number,
  entries: readonly T[],
  text: (entry: T) => string,
): [ListSet, string[]][] {
  const sets = new Map<string, [ListSet, string[]]>();
  for (const entry of entries) {
    const set = setFor(list, entry.prefix, generation);
    const name = setName(set);
    const known = sets.get(name);
    if (known === undefined) sets.set(name, [set, [text(entry)]]);
    else known[1].push(text(entry));
  }
  return [...sets.values()];
}

/** The address of a prefix: the set stands for its length. */
function addressText({ address }: Prefix): string {
  return formatPrefix({ address, length: ADDRESS_BITS });
}

function declaration(set: ListSet, elements: readonly string[]): string {
  const content = elements.length === 0 ? '' : ` elements = { ${elements.join(', ')} };`;
  return `set ${setName(set)} { type ipv${set.family}_addr; size ${MAX_LIST_ENTRIES}; flags timeout;${content} };`;
}

function rule(set: ListSet): string {
  const { list, family, length } = set;
  const verdict = list === SPARED ? 'accept' : `counter name ${counterName(list)} drop`;
  return `${maskedSource(family, length)} @${setName(set)} ${verdict}`;
}
