import { type Json, objectsOfTable } from '../../nft/objects.ts';
import { LIST_TABLE, LIST_TABLE_NAME, type ListSet, listOfCounter, readSetName } from './names.ts';

/** What a list has dropped since it was loaded. */
export interface Dropped {
  readonly packets: number;
  readonly bytes: number;
}

/** The counters in the text of `nft -t list ruleset inet`. */
const COUNTER = /^\tcounter (\S+) \{[^}]*?\bpackets (\d+) bytes (\d+)/gm;

/**
 * What each list has dropped, from the text of `nft -t list ruleset inet`. nft reads every element of a set for any other
 * listing that has counters, and 1.0.6 prints no JSON for a table that a process owns, as that of the sensor.
 */
export function readCounters(text: string): Map<string, Dropped> {
  const [, from = ''] = text.split(`table ${LIST_TABLE} {\n`);
  const [table = ''] = from.split('\n}\n', 1);
  const counters = new Map<string, Dropped>();
  for (const [, name = '', packets, bytes] of table.matchAll(COUNTER)) {
    const list = listOfCounter(name);
    if (list !== null) counters.set(list, { packets: Number(packets), bytes: Number(bytes) });
  }
  return counters;
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
