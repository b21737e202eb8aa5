import type { ListedBlock } from '../backend.ts';
import { parseTarget } from '../target.ts';

/** The blocks in `ipset save SET`: lines `add SET ADDR timeout SECONDS`, 0 for ever. Accurate to a second. */
export function readBlocks(text: string, now: number): ListedBlock[] {
  const blocks: ListedBlock[] = [];
  for (const line of text.split('\n')) {
    const match = /^add \S+ (\S+)(?: timeout (\d+))?/.exec(line);
    const target = match === null ? null : parseTarget(match[1] as string);
    if (target === null) continue;
    const timeoutS = Number(match?.[2] ?? 0);
    blocks.push({ target: target.text, until: timeoutS === 0 ? null : now + timeoutS * 1000 });
  }
  return blocks;
}
