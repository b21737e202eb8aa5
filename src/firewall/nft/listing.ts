import { parsePrefix } from '../../net/prefix.ts';
import type { ListedBlock } from '../backend.ts';
import { parseTarget } from '../target.ts';
import type { TableState } from './layout.ts';
import { keyOf, type SetKey, TABLE_NAME, typeOf } from './sets.ts';

type Json = Readonly<Record<string, unknown>>;

/** Our table in `nft -j -t list ruleset inet`; null when the text is no listing. */
export function readTable(text: string): TableState | null {
  const objects = ourObjects(text);
  if (objects === null) return null;
  const sets = new Map<string, boolean>();
  const chains: string[] = [];
  let table: number | null = null;
  const kept: unknown[] = [];
  for (const [kind, object] of objects) {
    // Their values change with every packet.
    if (kind === 'counter') continue;
    kept.push(kind, { ...object, elem: undefined });
    if (kind === 'table') table = Number(object.handle);
    if (kind === 'chain') chains.push(String(object.name));
    const key = kind === 'set' ? keyOf(String(object.name)) : null;
    if (key !== null) sets.set(String(object.name), isRight(key, object));
  }
  return { table, chains, sets, text: JSON.stringify(kept) };
}

/** The blocks in `nft -j list table inet portsentry`, accurate to a second; null when the text is no listing. */
export function readBlocks(text: string, now: number): ListedBlock[] | null {
  const objects = ourObjects(text);
  if (objects === null) return null;
  const blocks: ListedBlock[] = [];
  for (const [kind, object] of objects) {
    const key = kind === 'set' ? keyOf(String(object.name)) : null;
    if (key === null || key.list !== 'block' || !isRight(key, object) || !Array.isArray(object.elem))
      continue;
    for (const element of object.elem) {
      const block = blockOf(key, element, now);
      if (block !== null) blocks.push(block);
    }
  }
  return blocks;
}

/** The kind and the content of each object in our table. */
function ourObjects(text: string): [kind: string, object: Json][] | null {
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
    .filter((entry): entry is [string, Json] => isJson(entry[1]) && isOurs(...(entry as [string, Json])));
}

function isOurs(kind: string, object: Json): boolean {
  return object.family === 'inet' && (kind === 'table' ? object.name : object.table) === TABLE_NAME;
}

function isRight(key: SetKey, { type, flags }: Json): boolean {
  // Newer versions of nft print a single flag as a string.
  return type === typeOf(key) && [flags].flat().join() === 'timeout';
}

/** An element is an address, or an address with a time-out: `{"elem": {"val": ADDR, "timeout": S, "expires": S}}`. */
function blockOf(key: SetKey, element: unknown, now: number): ListedBlock | null {
  const content = isJson(element) && isJson(element.elem) ? element.elem : { val: element };
  if (typeof content.val !== 'string' || parsePrefix(content.val) === null) return null;
  const target = parseTarget(`${content.val}/${key.length}`);
  if (target === null) return null;
  const { expires } = content;
  return { target: target.text, until: typeof expires === 'number' ? now + expires * 1000 : null };
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
