import { familyOf, lengthOf } from '../../firewall/lists/entry.ts';
import { MAX_LENGTHS } from '../../firewall/lists/names.ts';
import { formatPrefix, type Prefix } from '../../net/prefix.ts';
import type { Refused } from './admission.ts';

/** Lengths for which there is always room: single addresses, and the networks that providers give to a site. */
const USUAL = { 4: [32, 24, 16], 6: [128, 64, 56, 48, 32] } as const;

/** The prefix lengths of one list, MAX_LENGTHS of each family at most. */
export class PrefixLengths {
  readonly #known = { 4: new Set<number>(USUAL[4]), 6: new Set<number>(USUAL[6]) };

  /** The lengths of these prefixes are known from the beginning. */
  constructor(present: Iterable<{ readonly prefix: Prefix }> = []) {
    for (const { prefix } of present) this.#known[familyOf(prefix)].add(lengthOf(prefix));
  }

  /** Divides members into those whose lengths a list has room for, the first come first, and the others. */
  divide<T extends { readonly prefix: Prefix }>(members: Iterable<T>): { taken: T[]; refused: Refused[] } {
    const taken: T[] = [];
    const refused: Refused[] = [];
    for (const member of members) {
      const family = familyOf(member.prefix);
      if (this.#takes(family, lengthOf(member.prefix))) taken.push(member);
      else
        refused.push({
          target: formatPrefix(member.prefix),
          why: `a list has at most ${MAX_LENGTHS} prefix lengths of IPv${family}, because each costs time for each packet`,
        });
    }
    return { taken, refused };
  }

  #takes(family: 4 | 6, length: number): boolean {
    const known = this.#known[family];
    if (!known.has(length) && known.size >= MAX_LENGTHS) return false;
    known.add(length);
    return true;
  }
}
