import { parsePrefix } from '../../net/prefix.ts';
import { isJson, type Json, objectsOfTable } from '../../nft/objects.ts';
import type { ListedBlock } from '../backend.ts';
import { parseTarget } from '../target.ts';
import type { TableState } from './layout.ts';
import { keyOf, type SetKey, TABLE_NAME, typeOf } from './sets.ts';

/** Our table in `nft -j -t list ruleset inet`; null when the text is no listing. */
export function readTable(text: string): TableState | null {
  const objects = objectsOfTable(text, TABLE_NAME);
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
  const objects = objectsOfTable(text, TABLE_NAME);
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
