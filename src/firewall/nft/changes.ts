import type { Change } from '../batch.ts';
import type { Target } from '../target.ts';
import { declaration, nameOf, type SetKey, TABLE } from './sets.ts';

const DAY = 86_400_000;
/** nft counts seconds in 32 bits; this is a hundred years (ms). */
const LONGEST = 100 * 365 * DAY;

/** An empty chain; to flush it fails, and with it the whole line, when somebody has taken the table away. */
export const GUARD = 'guard';

/** The set that a block of this target stands in. */
export function setOf({ family, length }: Target): SetKey {
  return { list: 'block', family, length };
}

/**
 * The changes as one line, which is one transaction. An element that is there already keeps its old end when it is added,
 * and one that is not there cannot be deleted: so whatever may be there is added, deleted and added anew. The kernel
 * shows the outcome alone, so the source is never let in between.
 */
export function changesLine(
  changes: readonly Change[],
  mayStand: (target: Target) => boolean,
  now: number,
): string {
  const blocks = changes.filter(({ verb }) => verb === 'block');
  const doubtful = changes.filter(({ verb, target }) => verb === 'release' || mayStand(target));
  // A declaration makes a table that is gone anew without complaint; this flush complains.
  const commands = [`flush chain ${TABLE} ${GUARD}`];
  if (doubtful.length > 0) {
    commands.push(adding(doubtful, addressOf), ...deleting(doubtful));
  }
  if (blocks.length > 0) commands.push(adding(blocks, (change) => element(change, now)));
  return commands.join('; ');
}

/**
 * A declaration of the table with the set and its elements adds them. `add element` would read every interval set of
 * the host first.
 */
function adding(changes: readonly Change[], text: (change: Change) => string): string {
  const sets = bySet(changes).map(([key, some]) => declaration(key, some.map(text)));
  return `table ${TABLE} { ${sets.join(' ')} }`;
}

function deleting(changes: readonly Change[]): string[] {
  return bySet(changes).map(
    ([key, some]) => `delete element ${TABLE} ${nameOf(key)} { ${some.map(addressOf).join(', ')} }`,
  );
}

function bySet(changes: readonly Change[]): [SetKey, Change[]][] {
  const sets = new Map<string, [SetKey, Change[]]>();
  for (const change of changes) {
    const key = setOf(change.target);
    const name = nameOf(key);
    const known = sets.get(name);
    if (known === undefined) sets.set(name, [key, [change]]);
    else known[1].push(change);
  }
  return [...sets.values()];
}

function addressOf({ target }: Change): string {
  return target.address;
}

/** Without a time-out it stands for ever. nft takes no number of more than eight digits, so days go extra. */
function element({ target, until }: Change, now: number): string {
  if (until === null) return target.address;
  const left = Math.ceil(Math.min(Math.max(until - now, 1), LONGEST));
  const days = Math.floor(left / DAY);
  const seconds = Math.floor((left % DAY) / 1000);
  return `${target.address} timeout ${days}d${seconds}s${left % 1000}ms`;
}
