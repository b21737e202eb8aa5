import type { Family } from '../families.ts';
import { SET_SIZE } from '../set-carrier.ts';

/** Sources in `block` are dropped unless they are in `spare`, which `new` replaces. `trial` has no effect. */
type Role = 'block' | 'spare' | 'new' | 'trial';

/** Identifies a set of ours. */
export interface SetKey {
  readonly role: Role;
  readonly family: Family;
}

/** The sets that exist as long as we block. */
export const PERMANENT_SETS: readonly SetKey[] = [
  { role: 'block', family: 4 },
  { role: 'block', family: 6 },
  { role: 'spare', family: 4 },
  { role: 'spare', family: 6 },
];

/** The sets that exist while `spare` is replaced. */
export const TEMPORARY_SETS: readonly SetKey[] = [
  { role: 'new', family: 4 },
  { role: 'new', family: 6 },
];

/** The name in the kernel, such as `portsentry4` or `portsentry-spare6`. */
export function nameOf({ role, family }: SetKey): string {
  return role === 'block' ? `portsentry${family}` : `portsentry-${role}${family}`;
}

/** The line of `ipset restore` that creates a set. `hash:net` holds prefixes of all lengths, even overlapping ones. */
export function createLine(key: SetKey): string {
  const timeout = key.role === 'block' ? ' timeout 0' : '';
  return `create ${nameOf(key)} hash:net family ${inetOf(key)} maxelem ${SET_SIZE}${timeout}`;
}

/**
 * The rule that drops a source in `block` that is not in `spare`. It must be first in its chain, because an accepting
 * rule before it would let a blocked source through.
 */
export function ruleOf(family: Family): string {
  const [block, spare] = [nameOf({ role: 'block', family }), nameOf({ role: 'spare', family })];
  return `PREROUTING -m set ! --match-set ${spare} src -m set --match-set ${block} src -j DROP`;
}

/** The names of all sets in `ipset -t list`, ours and others', and whether each is as `createLine` creates it. */
export function readSets(text: string): ReadonlyMap<string, boolean> {
  const sets = new Map<string, boolean>();
  for (const block of text.split('\n\n')) {
    const name = fieldOf(block, 'Name');
    const key = PERMANENT_SETS.find((each) => nameOf(each) === name);
    if (name !== undefined) sets.set(name, key !== undefined && isRight(key, block));
  }
  return sets;
}

function isRight(key: SetKey, block: string): boolean {
  const header = ` ${fieldOf(block, 'Header')} `;
  const type = fieldOf(block, 'Type');
  return (
    type === 'hash:net' &&
    header.includes(` family ${inetOf(key)} `) &&
    header.includes(` maxelem ${SET_SIZE} `) &&
    header.includes(' timeout ') === (key.role === 'block')
  );
}

function fieldOf(block: string, field: string): string | undefined {
  return new RegExp(`^${field}: (.*)$`, 'm').exec(block)?.[1];
}

function inetOf({ family }: SetKey): string {
  return family === 4 ? 'inet' : 'inet6';
}
