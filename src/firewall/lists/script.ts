import { formatPrefix, type Prefix } from '../../net/prefix.ts';
import { timeoutText } from '../../nft/timeout.ts';
import { familyOf, isSingle, type ListEntry, withoutNested } from './entry.ts';
import { counterName, LIST_SETS, LIST_TABLE, type ListSet, MAX_LIST_ENTRIES, setName } from './names.ts';

/**
 * Behind the chain of the blocks (-310) and, as it is, before connection tracking and the destination NAT of published
 * container ports.
 */
const PRIORITY = -309;

const FAMILIES = [4, 6] as const;

/** An empty chain: flushing it fails, and with it the whole transaction, when the table is gone. */
const GUARD = `flush chain ${LIST_TABLE} guard`;

/** The content of a list, as the kernel's sets take it. */
export type Content = ReadonlyMap<ListSet, readonly string[]>;

/** Sorts the entries into the sets; `now` in ms since the epoch. What has ended is left out. */
export function contentOf(entries: Iterable<ListEntry>, now: number): Content {
  const sorted = new Map<ListSet, ListEntry[]>(LIST_SETS.map((set) => [set, []]));
  for (const entry of entries) {
    if (entry.until !== null && entry.until <= now) continue;
    sorted.get(setFor(entry))?.push(entry);
  }
  const text = ({ prefix, until }: ListEntry) => `${formatPrefix(prefix)}${timeoutText(until, now)}`;
  return new Map(
    [...sorted].map(([set, some]) => [
      set,
      (set.holds === 'range' ? withoutNested(some) : some).map((entry) => text(entry)),
    ]),
  );
}

/** The set that holds an entry. */
export function setFor({ prefix }: Pick<ListEntry, 'prefix'>): ListSet {
  const holds = isSingle(prefix) ? 'address' : 'range';
  const family = familyOf(prefix);
  return LIST_SETS.find((set) => set.holds === holds && set.family === family) as ListSet;
}

/** One transaction that makes the table with all lists. A table that is there must be deleted first (`removal`). */
export function wholeTable(lists: ReadonlyMap<string, Content>, spared: readonly Prefix[]): string {
  const names = [...lists.keys()];
  return [
    `table ${LIST_TABLE} {`,
    ...names.map((name) => `counter ${counterName(name)} { }`),
    ...FAMILIES.map((family) => spareSet(family, spared)),
    ...[...lists].flatMap(([name, content]) => LIST_SETS.map((set) => declaration(name, set, content))),
    'chain guard { }',
    ...chain(names),
    '}',
    '',
  ].join('\n');
}

/** Deletes the table. */
export const REMOVAL = `delete table ${LIST_TABLE}\n`;

/** Adds an empty list, or takes one away; `names` are all lists afterwards. */
export function restructuring(names: readonly string[], gone: string | null): string {
  return [
    `flush chain ${LIST_TABLE} prerouting`,
    `table ${LIST_TABLE} {`,
    ...names.map((name) => `counter ${counterName(name)} { }`),
    ...names.flatMap((name) => LIST_SETS.map((set) => declaration(name, set, null))),
    ...chain(names),
    '}',
    ...(gone === null ? [] : LIST_SETS.map((set) => `delete set ${LIST_TABLE} ${setName(gone, set)}`)),
    ...(gone === null ? [] : [`delete counter ${LIST_TABLE} ${counterName(gone)}`]),
    '',
  ].join('\n');
}

/** Replaces the content of these sets of a list, in one step. */
export function replacement(list: string, content: Content, sets: readonly ListSet[] = LIST_SETS): string {
  return [
    GUARD,
    ...sets.map((set) => `flush set ${LIST_TABLE} ${setName(list, set)}`),
    `table ${LIST_TABLE} {`,
    ...sets.map((set) => declaration(list, set, content)),
    '}',
    '',
  ].join('\n');
}

/**
 * Adds and removes single addresses. To delete one that the kernel has ended already fails, so each is added, deleted
 * and, unless it is removed, added again; only the outcome takes effect.
 */
export function singleChanges(
  list: string,
  added: readonly ListEntry[],
  removed: readonly Pick<ListEntry, 'prefix'>[],
  now: number,
): string {
  const addresses = (of: 4 | 6) =>
    [...added, ...removed]
      .filter(({ prefix }) => familyOf(prefix) === of)
      .map(({ prefix }) => formatPrefix(prefix));
  const sets = LIST_SETS.filter(({ holds, family }) => holds === 'address' && addresses(family).length > 0);
  const bare: Content = new Map(sets.map((set) => [set, addresses(set.family)]));
  const content = contentOf(added, now);
  return [
    GUARD,
    `table ${LIST_TABLE} {`,
    ...sets.map((set) => declaration(list, set, bare)),
    '}',
    ...sets.map(
      (set) => `delete element ${LIST_TABLE} ${setName(list, set)} { ${addresses(set.family).join(', ')} }`,
    ),
    `table ${LIST_TABLE} {`,
    ...sets.map((set) => declaration(list, set, content)),
    '}',
    '',
  ].join('\n');
}

/** Replaces the prefixes that pass whatever is listed. */
export function sparing(spared: readonly Prefix[]): string {
  return [
    GUARD,
    ...FAMILIES.map((family) => `flush set ${LIST_TABLE} ${spareName(family)}`),
    `table ${LIST_TABLE} {`,
    ...FAMILIES.map((family) => spareSet(family, spared)),
    '}',
    '',
  ].join('\n');
}

function spareName(family: 4 | 6): string {
  return `spare_range${family}`;
}

function spareSet(family: 4 | 6, spared: readonly Prefix[]): string {
  const some = spared.filter((prefix) => familyOf(prefix) === family).map((prefix) => ({ prefix }));
  const elements = withoutNested(some).map(({ prefix }) => formatPrefix(prefix));
  return setText(spareName(family), family, 'interval', elements);
}

function declaration(list: string, set: ListSet, content: Content | null): string {
  const flags = set.holds === 'range' ? 'interval, timeout' : 'timeout';
  return setText(setName(list, set), set.family, flags, content?.get(set) ?? []);
}

/** A declaration adds its elements to a set that exists. */
function setText(name: string, family: 4 | 6, flags: string, elements: readonly string[]): string {
  const content = elements.length === 0 ? '' : ` elements = { ${elements.join(', ')} };`;
  // An interval set of the kernel has two ends for each range, and a size would count both.
  const size = flags === 'timeout' ? ` size ${MAX_LIST_ENTRIES};` : '';
  return `set ${name} { type ipv${family}_addr;${size} flags ${flags};${content} };`;
}

function chain(names: readonly string[]): string[] {
  const field = { 4: 'ip saddr', 6: 'ip6 saddr' } as const;
  return [
    'chain prerouting {',
    `type filter hook prerouting priority ${PRIORITY}; policy accept;`,
    ...FAMILIES.map((family) => `${field[family]} @${spareName(family)} accept`),
    ...names.flatMap((name) =>
      LIST_SETS.map(
        (set) => `${field[set.family]} @${setName(name, set)} counter name ${counterName(name)} drop`,
      ),
    ),
    '}',
  ];
}
