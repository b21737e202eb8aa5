import type { Family } from '../families.ts';
import { SET_SIZE } from '../set-carrier.ts';

/** `block` is dropped, `spare` passes whatever is blocked, `new` becomes `spare` when it is complete, `trial` is none. */
export type Role = 'block' | 'spare' | 'new' | 'trial';

export interface SetKey {
  readonly role: Role;
  readonly family: Family;
}

/** Those that stand; `new` is there for a moment only. */
export const STANDING: readonly SetKey[] = [
  { role: 'block', family: 4 },
  { role: 'block', family: 6 },
  { role: 'spare', family: 4 },
  { role: 'spare', family: 6 },
];

export const PASSING: readonly SetKey[] = [
  { role: 'new', family: 4 },
  { role: 'new', family: 6 },
];

/** Such as `portsentry4` or `portsentry-spare6`. */
export function nameOf({ role, family }: SetKey): string {
  return role === 'block' ? `portsentry${family}` : `portsentry-${role}${family}`;
}

/** `hash:net` takes addresses and prefixes of each length, one in another too. */
export function createLine(key: SetKey): string {
  const timeout = key.role === 'block' ? ' timeout 0' : '';
  return `create ${nameOf(key)} hash:net family ${inetOf(key)} maxelem ${SET_SIZE}${timeout}`;
}

/**
 * A source that is in one set and not in the other is dropped. Its place is the head of the chain: a rule that takes
 * packets in before it would let a blocked source through.
 */
export function ruleOf(family: Family): string {
  const [block, spare] = [nameOf({ role: 'block', family }), nameOf({ role: 'spare', family })];
  return `PREROUTING -m set ! --match-set ${spare} src -m set --match-set ${block} src -j DROP`;
}

/** By `ipset -t list`: the names of all sets, anybody's, and whether they are as `createLine` makes them. */
export function readSets(text: string): ReadonlyMap<string, boolean> {
  const sets = new Map<string, boolean>();
  for (const block of text.split('\n\n')) {
    const name = fieldOf(block, 'Name');
    const key = STANDING.find((each) => nameOf(each) === name);
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
