import { type Failure, throwOn } from '../commands/failure.ts';
import { runTool, type Tool } from '../commands/tool.ts';
import type { Family } from './families.ts';

/** How long to wait for the lock that all users of iptables share. */
const LOCK_TIMEOUT_S = '5';

const LIST_TOOLS: Readonly<Record<Family, Tool>> = {
  4: { command: 'iptables', package: 'iptables' },
  6: { command: 'ip6tables', package: 'iptables' },
};
const RESTORE_TOOLS: Readonly<Record<Family, Tool>> = {
  4: { command: 'iptables-restore', package: 'iptables' },
  6: { command: 'ip6tables-restore', package: 'iptables' },
};

/**
 * The table whose PREROUTING chain comes first, before connection tracking and the destination NAT of published
 * container ports. So it also covers forwarded packets, which INPUT never sees.
 */
const TABLE = 'raw';

/** A chain that no rule jumps to, so its rules have no effect. */
const TRIAL = 'PORTSENTRY-TRIAL';

/** All rules in the table, ours and others', as `iptables -S` prints them. Rejects with a one-line reason. */
export async function rawRules(family: Family): Promise<readonly string[]> {
  const { failure, stdout } = await runTool(LIST_TOOLS[family], ['-w', LOCK_TIMEOUT_S, '-t', TABLE, '-S']);
  throwOn(failure);
  return stdout.split('\n').filter((line) => line !== '');
}

/** Whether the rule (`CHAIN MATCH`) exists. iptables compares, because it may print the rule in another form. */
export async function hasRawRule(family: Family, rule: string): Promise<boolean> {
  const args = ['-w', LOCK_TIMEOUT_S, '-t', TABLE, '-C', ...rule.split(' ')];
  return (await runTool(LIST_TOOLS[family], args)).failure === null;
}

/** Runs commands such as `-A CHAIN -s ADDR -j DROP` in one transaction: all of them or none. */
export async function changeRaw(family: Family, commands: readonly string[]): Promise<Failure> {
  if (commands.length === 0) return null;
  const input = [`*${TABLE}`, ...commands, 'COMMIT', ''].join('\n');
  return (await runTool(RESTORE_TOOLS[family], ['-w', LOCK_TIMEOUT_S, '--noflush'], { input })).failure;
}

/** Why the kernel refuses a rule with this match; null when it does not. No packet reaches the rule. */
export async function tryRawRule(family: Family, match: string): Promise<Failure> {
  // The declaration creates the chain, or flushes the rest of an interrupted trial.
  const failure = await changeRaw(family, [`:${TRIAL} - [0:0]`, `-A ${TRIAL} ${match} -j DROP`]);
  if (failure !== null) return failure;
  return changeRaw(family, [`-F ${TRIAL}`, `-X ${TRIAL}`]);
}
