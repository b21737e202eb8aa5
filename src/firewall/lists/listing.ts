import { LIST_TABLE_NAME, type ListSet, listOfCounter, readSetName } from './names.ts';

type Json = Readonly<Record<string, unknown>>;

/** What a list has dropped since it was loaded. */
export interface Dropped {
  readonly packets: number;
  readonly bytes: number;
}

/** The kinds of object that make the shape of the table. */
const SHAPE: ReadonlySet<string> = new Set(['table', 'chain', 'set', 'rule', 'counter']);

/** What each list has dropped, from `nft -j list counters`; null for any other text. */
export function readCounters(text: string): Map<string, Dropped> | null {
  const objects = objectsIn(text);
  if (objects === null) return null;
  const counters = new Map<string, Dropped>();
  for (const [kind, { name, packets, bytes }] of objects) {
    const list = kind === 'counter' && typeof name === 'string' ? listOfCounter(name) : null;
    if (list !== null && typeof packets === 'number' && typeof bytes === 'number')
      counters.set(list, { packets, bytes });
  }
  return counters;
}

/** The table as it is in the kernel. */
export interface Shape {
  /** Its objects with their handles, which change when somebody makes them anew. */
  readonly text: string;
  readonly sets: readonly ListSet[];
  /** The lists that have a counter. */
  readonly lists: readonly string[];
}

/** Reads `nft -j -t list table`; null for any other text. */
export function readShape(text: string): Shape | null {
  const objects = objectsIn(text)?.filter(([kind]) => SHAPE.has(kind));
  if (objects === undefined) return null;
  const namesOf = (of: string) =>
    objects.flatMap(([kind, { name }]) => (kind === of && typeof name === 'string' ? [name] : []));
  return {
    text: objects
      .map(([kind, { name, chain, handle }]) => `${kind} ${name ?? chain} ${handle}`)
      .sort()
      .join('\n'),
    sets: namesOf('set').flatMap((name) => readSetName(name) ?? []),
    lists: namesOf('counter').flatMap((name) => listOfCounter(name) ?? []),
  };
}

function objectsIn(text: string): [kind: string, object: Json][] | null {
  let listing: unknown;
  try {
    listing = JSON.parse(text);
  } catch {
    return null;
  }
  const objects = isJson(listing) ? listing.nftables : null;
  if (!Array.isArray(objects)) return null;
  return objects
    .flatMap((entry) => (isJson(entry) ? Object.entries(entry) : []))
    .filter((entry): entry is [string, Json] => isJson(entry[1]))
    .filter(([kind, { table, name }]) => (kind === 'table' ? name : table) === LIST_TABLE_NAME);
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
