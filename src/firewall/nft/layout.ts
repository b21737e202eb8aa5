import type { Target } from '../target.ts';
import { GUARD } from './changes.ts';
import {
  declaration,
  droppingVerdict,
  nameOf,
  reportingChainOf,
  ruleFor,
  type SetKey,
  TABLE,
} from './sets.ts';

/**
 * Before raw (-300), connection tracking (-200) and the destination NAT of published container ports (-100). So it
 * also covers forwarded packets, and a dropped one takes no entry of the connection table.
 */
const PRIORITY = -310;

/** Packets of blocked sources that are reported: enough for the sum of a scan, and no flood for who reads them. */
const REPORTS_PER_SECOND = 100;

/** Our table as it is in the kernel. */
export interface TableState {
  /** The table's handle, which the kernel never reuses; null when there is no table. */
  readonly table: number | null;
  readonly chains: readonly string[];
  /** Our sets by name, and whether each is as we create it. */
  readonly sets: ReadonlyMap<string, boolean>;
  /** The whole table as text, without elements and counters. */
  readonly text: string;
}

/** What the table must have. */
export interface Layout {
  readonly keys: readonly SetKey[];
  /** Spared targets by the name of their set. */
  readonly spared: ReadonlyMap<string, readonly Target[]>;
  /** The NFLOG group that packets of blocked sources are reported to; null for none. */
  readonly reportGroup: number | null;
}

/** The state without a table. */
export const NO_TABLE: TableState = { table: null, chains: [], sets: new Map(), text: '' };

/**
 * One transaction that creates or repairs the table. It makes the chains anew and keeps right sets with their elements.
 * An accept ends only our chain; other tables still see the packet. No `add table` comes first: nft 0.9.8 dies of a set in a
 * table that the same script has added before.
 */
export function repairScript(state: TableState, { keys, spared, reportGroup }: Layout): string {
  const inOrder = [...keys].sort((a, b) => rank(a) - rank(b));
  const wrong = [...state.sets].filter(([, isRight]) => !isRight).map(([name]) => name);
  const spareKeys = inOrder.filter(({ list }) => list === 'spare');
  return [
    ...state.chains.map((chain) => `flush chain ${TABLE} ${chain}`),
    ...state.chains.map((chain) => `delete chain ${TABLE} ${chain}`),
    ...wrong.map((name) => `delete set ${TABLE} ${name}`),
    `table ${TABLE} {`,
    'counter dropped4 { }',
    'counter dropped6 { }',
    ...inOrder.map((key) => declaration(key, [])),
    `chain ${GUARD} { }`,
    ...(reportGroup === null ? [] : FAMILIES.flatMap((family) => reportingChain(family, reportGroup))),
    'chain prerouting {',
    `type filter hook prerouting priority ${PRIORITY}; policy accept;`,
    ...inOrder.map((key) => ruleFor(key, reportGroup !== null)),
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

const FAMILIES = [4, 6] as const;

/** Octets of a reported packet: the chain of IPv6 extension headers before the ports may be long. */
const SNAP_LENGTH = 2_048;

/** Reports some of the packets, so that scans of blocked sources are counted, and drops all. */
function reportingChain(family: 4 | 6, group: number): string[] {
  return [
    `chain ${reportingChainOf(family)} {`,
    `limit rate ${REPORTS_PER_SECOND}/second burst ${REPORTS_PER_SECOND} packets ` +
      `log prefix "blocked" group ${group} snaplen ${SNAP_LENGTH} queue-threshold 1`,
    droppingVerdict(family),
    '}',
  ];
}

/** Spared sources come before blocked ones, single addresses before networks. */
function rank({ list, family, length }: SetKey): number {
  return (list === 'spare' ? 0 : 1_000) + (family === 4 ? 0 : 500) - length;
}
