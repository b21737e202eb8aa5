import type { ListedBlock } from '../backend.ts';
import { parseTarget } from '../target.ts';

/** The blocks in `ipset save SET`: `add SET ADDR timeout SECONDS`, 0 for ever. `until` is right to a second. */
export function readBlocks(text: string, now: number): ListedBlock[] {
  const blocks: ListedBlock[] = [];
  for (const line of text.split('\n')) {
    const match = /^add \S+ (\S+)(?: timeout (\d+))?/.exec(line);
    const target = match === null ? null : parseTarget(match[1] as string);
    if (target === null) continue;
    const seconds = Number(match?.[2] ?? 0);
    blocks.push({ target: target.text, until: seconds === 0 ? null : now + seconds * 1000 });
  }
  return blocks;
}
