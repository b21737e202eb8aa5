import type { Change } from '../batch.ts';
import type { Family } from '../families.ts';
import { withLength } from '../target.ts';
import { nameOf } from './sets.ts';

/** The kernel's longest time-out, 24 days. A longer block stays until the daemon releases it. */
const MAX_TIMEOUT_S = 2_147_483;

/**
 * One line for each change. The lines may be sent twice: with `-exist`, adding an element that exists sets its new
 * end, and deleting one that does not succeeds.
 */
export function changeLines(changes: readonly Change[], now: number): string[] {
  return changes.map((change) => {
    const element = `${nameOf({ role: 'block', family: change.target.family })} ${withLength(change.target)}`;
    if (change.verb === 'release') return `del ${element} -exist`;
    return `add ${element} timeout ${timeoutOf(change, now)} -exist`;
  });
}

/**
 * Lines that always fail. The error shows whether a rule still uses the set: a set in use cannot be renamed, and one
 * not in use cannot take a name that exists, its own.
 */
export function guardLines(families: readonly Family[]): string[] {
  return families.map((family) => nameOf({ role: 'block', family })).map((name) => `rename ${name} ${name}`);
}

/** The answer to `guardLines`, and to nothing else, while the rules exist. */
export const GUARDED = /^ipset v[^\n]*cannot be renamed: it is in use[^\n]*\n/gm;
/** The answer when the set exists and its rule does not. */
export const UNGUARDED = /cannot be renamed: a set with the new name already exists/;

/** In seconds, 0 for ever. Rounded up, so that no block ends before the end that we report. */
function timeoutOf({ until }: Change, now: number): number {
  if (until === null) return 0;
  const seconds = Math.max(1, Math.ceil((until - now) / 1000));
  return seconds > MAX_TIMEOUT_S ? 0 : seconds;
}
