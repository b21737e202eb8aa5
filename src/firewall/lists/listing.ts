import type { Counted } from '../../nft/counters.ts';
import { type Json, objectsOfTable } from '../../nft/objects.ts';
import { LIST_TABLE_NAME, type ListSet, listOfCounter, readSetName } from './names.ts';

/** What each list has dropped since it was loaded, by the counters of the table. */
export function droppedByList(counters: ReadonlyMap<string, Counted>): Map<string, Counted> {
  const lists = new Map<string, Counted>();
  for (const [name, counted] of counters) {
    const list = listOfCounter(name);
    if (list !== null) lists.set(list, counted);
  }
  return lists;
}

/** The table as it is in the kernel. */
export interface Shape {
  /** Its objects with their handles, which change when somebody makes them anew. */
  readonly text: string;
  readonly sets: readonly ListSet[];
}

/**
 * Reads `nft -j -t list sets inet` and `list chains inet`, which read no elements: null when there is no table, 'unreadable'
 * for any other text.
 */
export function readShape(sets: string, chains: string): Shape | null | 'unreadable' {
  const objects = [objectsIn(sets, 'set'), objectsIn(chains, 'chain')];
  if (objects.includes(null)) return 'unreadable';
  const all = objects.flatMap((some) => some ?? []);
  if (all.length === 0) return null;
  const names = all.map(({ name }) => String(name));
  return {
    text: all
      .map(({ name, handle }) => `${name} ${handle}`)
      .sort()
      .join('\n'),
    sets: names.flatMap((name) => readSetName(name) ?? []),
  };
}

/** The objects of this kind in our table; null for a text that is no listing. */
function objectsIn(text: string, kind: string): Json[] | null {
  const objects = objectsOfTable(text, LIST_TABLE_NAME);
  return objects?.flatMap(([of, object]) => (of === kind ? [object] : [])) ?? null;
}
