import type { Change } from '../batch.ts';
import { parseTarget, type Target, withLength } from '../target.ts';

/** All our rules are in this chain, and one rule jumps to it. */
export const CHAIN = 'PORTSENTRY';

/** The rule that jumps to our chain, after the name of the chain that holds it. */
const JUMP = `PREROUTING -j ${CHAIN}`;

/** Our rules in the table. */
export interface ChainState {
  readonly hasChain: boolean;
  /** How often the rule that jumps to it exists. */
  readonly jumps: number;
  /** The number of rules that drop each target. */
  readonly blocks: ReadonlyMap<string, number>;
  /** The rules of our chain that let a spared target pass, verbatim. */
  readonly passes: readonly string[];
}

/** Finds our rules among all rules, as `iptables -S` prints them. */
export function readChain(rules: readonly string[]): ChainState {
  const blocks = new Map<string, number>();
  const passes: string[] = [];
  for (const rule of rules) {
    const match = RULE.exec(rule);
    const target = match === null ? null : parseTarget(match[1] as string);
    if (target === null) continue;
    if (match?.[2] === 'RETURN') passes.push(rule);
    else blocks.set(target.text, (blocks.get(target.text) ?? 0) + 1);
  }
  return {
    hasChain: rules.includes(`-N ${CHAIN}`),
    jumps: rules.filter((rule) => rule === `-A ${JUMP}`).length,
    blocks,
    passes,
  };
}

const RULE = new RegExp(`^-A ${CHAIN} -s (\\S+) -j (DROP|RETURN)$`);

/** Commands after which the chain, the jump and each block exist exactly once; empty when they do. */
export function repairCommands({ hasChain, jumps, blocks }: ChainState): string[] {
  const duplicates = [...blocks].flatMap(([text, count]) => {
    const target = parseTarget(text) as Target;
    return Array<string>(count - 1).fill(`-D ${dropRule(target)}`);
  });
  return [
    ...(hasChain ? [] : [`-N ${CHAIN}`]),
    // At the head: an accepting rule before it would let a blocked source through.
    ...(jumps === 0 ? [`-I ${JUMP.replace(' ', ' 1 ')}`] : Array<string>(jumps - 1).fill(`-D ${JUMP}`)),
    ...duplicates,
  ];
}

/**
 * Commands for the changes that these dropped targets still need. The first one checks that the jump to our chain
 * exists; if it does not, iptables-restore runs none of them.
 */
export function changeCommands(changes: readonly Change[], dropped: ReadonlySet<string>): string[] {
  const real = changes.filter(({ verb, target }) => (verb === 'block') !== dropped.has(target.text));
  return [
    `-C ${JUMP}`,
    ...real.map(({ verb, target }) => `${verb === 'block' ? '-A' : '-D'} ${dropRule(target)}`),
  ];
}

/** Commands that replace the spared targets. Their rules come first; other rules of the table still see the packet. */
export function spareCommands({ passes }: ChainState, spared: readonly Target[]): string[] {
  return [
    ...passes.map((rule) => rule.replace('-A', '-D')),
    ...spared.map((target) => `-I ${CHAIN} 1 -s ${withLength(target)} -j RETURN`),
  ];
}

/** Commands that remove the chain and every jump to it. */
export function removalCommands({ hasChain, jumps }: ChainState): string[] {
  const deletions = Array<string>(jumps).fill(`-D ${JUMP}`);
  return hasChain ? [...deletions, `-F ${CHAIN}`, `-X ${CHAIN}`] : deletions;
}

function dropRule(target: Target): string {
  return `${CHAIN} -s ${withLength(target)} -j DROP`;
}
