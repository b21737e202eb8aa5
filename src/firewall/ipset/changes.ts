import type { Change } from '../batch.ts';
import type { Family } from '../families.ts';
import { withLength } from '../target.ts';
import { nameOf } from './sets.ts';

/** Seconds that the kernel can count down: 24 days. A longer block stands until the daemon takes it back. */
const LONGEST = 2_147_483;

/**
 * The changes, a line for each. They bear being said twice: with `-exist` an element that is there gets the new end,
 * and one that is not is as good as deleted.
 */
export function changeLines(changes: readonly Change[], now: number): string[] {
  return changes.map((change) => {
    const element = `${nameOf({ role: 'block', family: change.target.family })} ${withLength(change.target)}`;
    if (change.verb === 'release') return `del ${element} -exist`;
    return `add ${element} timeout ${timeoutOf(change, now)} -exist`;
  });
}

/**
 * Lines that always fail, and tell by the reason whether a rule still looks into the set: a set that is in use
 * cannot be renamed, and one that is not cannot have a name that is taken, its own.
 */
export function guardLines(families: readonly Family[]): string[] {
  return families.map((family) => nameOf({ role: 'block', family })).map((name) => `rename ${name} ${name}`);
}

/** What `guardLines` is answered, and nothing else is, while the rules stand. */
export const GUARDED = /^ipset v[^\n]*cannot be renamed: it is in use[^\n]*\n/gm;
/** What it is answered when the rule is gone and the set is not. */
export const UNGUARDED = /cannot be renamed: a set with the new name already exists/;

/** In seconds, 0 for ever. Never too short: who is let in before the end that was told is let in by mistake. */
function timeoutOf({ until }: Change, now: number): number {
  if (until === null) return 0;
  const seconds = Math.max(1, Math.ceil((until - now) / 1000));
  return seconds > LONGEST ? 0 : seconds;
}
