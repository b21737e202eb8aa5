import { challenge } from './challenge-chains.ts';
import { holds } from './hold-chains.ts';
import { input, leaving, prerouting } from './hooks.ts';
import { judges } from './judges.ts';
import { COUNTERS, SENSOR_TABLE, type TablePlan } from './plan.ts';
import { setLines } from './sets.ts';
import { Writer } from './writer.ts';

/** The sets that have the ports of the plan as elements. */
const PORT_SETS = ['watch_tcp', 'watch_udp', 'excluded_tcp'] as const;

/**
 * The whole table as lines of nft's language. Its sets `used_*`, `known_*`, `spare*`, `link6_64`, `forwards`, `quiet`,
 * and `doubted*` are empty and `alive` holds nothing: the caller fills them.
 *
 * No rule on the way to a verdict of `drop` asks a set without a name. A change of the table replaces those with the rules,
 * and a packet that is between two rules at that moment finds the old set empty: it would pass.
 */
export function tableLines(plan: TablePlan): string[] {
  const writer = new Writer(plan.group);
  return [
    `table ${SENSOR_TABLE} {`,
    ...(plan.owned ? ['flags owner'] : []),
    ...COUNTERS.map((name) => `counter ${name} { }`),
    ...setLines(plan),
    ...prerouting(plan, writer),
    ...(plan.group === null
      ? []
      : [
          ...challenge(plan, writer),
          ...leaving(plan, writer),
          ...input(plan, writer),
          ...judges(plan, writer),
          ...holds(plan),
        ]),
    '}',
  ];
}

/**
 * The commands that turn the table of one plan into that of another, as one line, which is one transaction. What both
 * plans have keeps its elements, and the counters go on. A new table in the place of the old one would let some packets
 * of a flood through: the kernel shows the elements of new interval sets some time after the rules that ask them.
 */
export function changeLine(before: TablePlan, next: TablePlan): string {
  const [old, lines] = [tableLines(before), tableLines(next)];
  const [oldSets, sets] = [declaredSets(old), declaredSets(lines)];
  const chains = new Set(chainNames(lines));
  const outdated = [...oldSets.keys()].filter((name) => sets.get(name) !== oldSets.get(name));
  return [
    `flush table ${SENSOR_TABLE}`,
    ...chainNames(old).flatMap((name) => (chains.has(name) ? [] : [`delete chain ${SENSOR_TABLE} ${name}`])),
    ...outdated.map((name) => `delete set ${SENSOR_TABLE} ${name}`),
    ...PORT_SETS.map((name) => `flush set ${SENSOR_TABLE} ${name}`),
    asOneLine(lines),
  ].join('; ');
}

/** The declarations of the sets by name, without the elements. */
function declaredSets(lines: readonly string[]): Map<string, string> {
  return new Map(
    lines.flatMap((line) => {
      const name = /^set (\S+) /.exec(line)?.[1];
      return name === undefined ? [] : [[name, line.replace(/ elements = \{[^}]*\};/, '')] as const];
    }),
  );
}

function chainNames(lines: readonly string[]): string[] {
  return lines.flatMap((line) => /^chain (\S+) /.exec(line)?.[1] ?? []);
}

/** One line, which is one transaction of `nft -i`. */
export function asOneLine(lines: readonly string[]): string {
  return lines
    .map((line) => (line.endsWith('{') ? `${line} ` : `${line}; `))
    .join('')
    .trimEnd();
}
