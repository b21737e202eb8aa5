import type { Target } from '../target.ts';
import { GUARD } from './changes.ts';
import { declaration, nameOf, ruleFor, type SetKey, TABLE } from './sets.ts';

/**
 * Before raw (-300), connection tracking (-200) and the destination NAT of published container ports (-100), so that
 * what is forwarded is covered too and costs no entry of the connection table.
 */
const PRIORITY = -310;

/** What of ours stands in the kernel. */
export interface Standing {
  /** The table's handle; null when there is no table. Never used twice. */
  readonly table: number | null;
  readonly chains: readonly string[];
  /** Sets of ours by name, and whether they are as we make them. */
  readonly sets: ReadonlyMap<string, boolean>;
  /** The whole of it in one text, but for elements and counters. */
  readonly text: string;
}

/** Nothing. */
export const NOTHING: Standing = { table: null, chains: [], sets: new Map(), text: '' };

/**
 * What makes the table right, in one transaction: chains anew, sets with their elements as they are. An accept
 * ends our chain alone; other tables still see the packet.
 */
export function arrangement(
  standing: Standing,
  keys: readonly SetKey[],
  spared: ReadonlyMap<string, readonly Target[]>,
): string {
  const inOrder = [...keys].sort((a, b) => place(a) - place(b));
  const wrong = [...standing.sets].filter(([, isRight]) => !isRight).map(([name]) => name);
  const spareKeys = inOrder.filter(({ list }) => list === 'spare');
  return [
    `add table ${TABLE}`,
    ...standing.chains.map((chain) => `flush chain ${TABLE} ${chain}`),
    ...standing.chains.map((chain) => `delete chain ${TABLE} ${chain}`),
    ...wrong.map((name) => `delete set ${TABLE} ${name}`),
    `table ${TABLE} {`,
    'counter dropped4 { }',
    'counter dropped6 { }',
    ...inOrder.map((key) => declaration(key, [])),
    `chain ${GUARD} { }`,
    'chain prerouting {',
    `type filter hook prerouting priority ${PRIORITY}; policy accept;`,
    ...inOrder.map(ruleFor),
    '}',
    '}',
    ...spareKeys.map((key) => `flush set ${TABLE} ${nameOf(key)}`),
    `table ${TABLE} {`,
    ...spareKeys.map((key) =>
      declaration(
        key,
        (spared.get(nameOf(key)) ?? []).map(({ address }) => address),
      ),
    ),
    '}',
    '',
  ].join('\n');
}

/** Who is spared goes before who is blocked, single addresses before networks. */
function place({ list, family, length }: SetKey): number {
  return (list === 'spare' ? 0 : 1_000) + (family === 4 ? 0 : 500) - length;
}
