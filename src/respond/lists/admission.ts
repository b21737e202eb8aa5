import { setImmediate as turn } from 'node:timers/promises';
import { familyOf } from '../../firewall/lists/entry.ts';
import { formatPrefix, MAPPED_BITS, type Prefix } from '../../net/prefix.ts';
import type { NeverBlock } from '../never-block.ts';

/** The widest networks that a list may hold, in bits: no published list has wider ones, and a mistake may have. */
const MIN_LENGTH = { 4: MAPPED_BITS + 8, 6: 16 } as const;

/** Entries judged before others get a turn. */
const PIECE = 512;

/** A member that was left out, and the rule that says so. */
export interface Refused {
  readonly target: string;
  readonly why: string;
}

/**
 * Why a list may not hold this network, in one line; null when it may. What this host depends on has the last word,
 * whatever a list says. A network stays in where the firewall lets single addresses in it pass.
 */
export function whyNotListed(prefix: Prefix, never: Pick<NeverBlock, 'ruleAgainstListing'>): string | null {
  const family = familyOf(prefix);
  if (prefix.length < MIN_LENGTH[family]) {
    return `a network wider than /${family === 4 ? 8 : 16} is no list's`;
  }
  return never.ruleAgainstListing(prefix);
}

/** Divides members into those that a list may hold and those that it may not. */
export async function admit<T extends { readonly prefix: Prefix }>(
  members: Iterable<T>,
  never: Pick<NeverBlock, 'ruleAgainstListing'>,
): Promise<{ readonly admitted: T[]; readonly refused: Refused[] }> {
  const admitted: T[] = [];
  const refused: Refused[] = [];
  let count = 0;
  for (const member of members) {
    const why = whyNotListed(member.prefix, never);
    if (why === null) admitted.push(member);
    else refused.push({ target: formatPrefix(member.prefix), why });
    if (++count % PIECE === 0) await turn();
  }
  return { admitted, refused };
}
