import type { Change } from '../batch.ts';
import { parseTarget, type Target, withLength } from '../target.ts';

/** Everything of ours is in this chain, and one rule leads to it. */
export const CHAIN = 'PORTSENTRY';

/** The rule that leads to our chain, with its chain before it. */
export const JUMP = `PREROUTING -j ${CHAIN}`;

/** What of ours stands in the table. */
export interface Standing {
  readonly hasChain: boolean;
  /** How often the rule is there that leads to it. */
  readonly jumps: number;
  /** How often each target is dropped. */
  readonly blocks: ReadonlyMap<string, number>;
  /** Rules of our chain that let somebody pass, as they are. */
  readonly passes: readonly string[];
}

/** By everybody's rules, as `iptables -S` has them. */
export function readStanding(rules: readonly string[]): Standing {
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

/** What makes the chain, the rule that leads to it and what is dropped stand once each; empty when they do. */
export function repairs({ hasChain, jumps, blocks }: Standing): string[] {
  const doubles = [...blocks].flatMap(([text, count]) => {
    const target = parseTarget(text) as Target;
    return Array<string>(count - 1).fill(`-D ${dropRule(target)}`);
  });
  return [
    ...(hasChain ? [] : [`-N ${CHAIN}`]),
    // At the head: a rule that takes packets in before it would let a blocked source through.
    ...(jumps === 0 ? [`-I ${JUMP.replace(' ', ' 1 ')}`] : Array<string>(jumps - 1).fill(`-D ${JUMP}`)),
    ...doubles,
  ];
}

/**
 * What the changes come to where these targets are dropped already. It begins with a question, and nothing is done
 * where the answer is no: whether the rule still stands that leads to our chain.
 */
export function changeCommands(changes: readonly Change[], dropped: ReadonlySet<string>): string[] {
  const real = changes.filter(({ verb, target }) => (verb === 'block') !== dropped.has(target.text));
  return [
    `-C ${JUMP}`,
    ...real.map(({ verb, target }) => `${verb === 'block' ? '-A' : '-D'} ${dropRule(target)}`),
  ];
}

/** Who passes, before all who are dropped. Other rules of the table still see the packet. */
export function passCommands({ passes }: Standing, spared: readonly Target[]): string[] {
  return [
    ...passes.map((rule) => rule.replace('-A', '-D')),
    ...spared.map((target) => `-I ${CHAIN} 1 -s ${withLength(target)} -j RETURN`),
  ];
}

/** What takes all of it away. */
export function removal({ hasChain, jumps }: Standing): string[] {
  const ways = Array<string>(jumps).fill(`-D ${JUMP}`);
  return hasChain ? [...ways, `-F ${CHAIN}`, `-X ${CHAIN}`] : ways;
}

function dropRule(target: Target): string {
  return `${CHAIN} -s ${withLength(target)} -j DROP`;
}
