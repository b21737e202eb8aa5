import { timeoutText } from '../../nft/timeout.ts';
import type { Change } from '../batch.ts';
import type { Target } from '../target.ts';
import { declaration, nameOf, type SetKey, TABLE } from './sets.ts';

/** An empty chain. Flushing it fails, and with it the whole transaction, when the table is gone. */
export const GUARD = 'guard';

/** The set that holds a block of this target. */
export function setOf({ family, length }: Target): SetKey {
  return { list: 'block', family, length };
}

/**
 * The changes as one line, which is one transaction. Adding an element that exists keeps its old end, and deleting one
 * that does not exist fails. So each element that may exist is added, deleted and added again. Only the outcome takes
 * effect, so the source never gets through in between.
 */
export function changesLine(
  changes: readonly Change[],
  mayExist: (target: Target) => boolean,
  now: number,
): string {
  const blocks = changes.filter(({ verb }) => verb === 'block');
  const uncertain = changes.filter(({ verb, target }) => verb === 'release' || mayExist(target));
  // A declaration would silently create a table that is gone; this flush fails.
  const commands = [`flush chain ${TABLE} ${GUARD}`];
  if (uncertain.length > 0) {
    commands.push(adding(uncertain, addressOf), ...deleting(uncertain));
  }
  if (blocks.length > 0) commands.push(adding(blocks, (change) => element(change, now)));
  return commands.join('; ');
}

/** Declares the table with the sets and their elements, which adds them (see `declaration`). */
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

/** Without a time-out it stays for ever. */
function element({ target, until }: Change, now: number): string {
  return `${target.address}${timeoutText(until, now)}`;
}
