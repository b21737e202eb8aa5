import { type Failure, throwOn } from '../commands/failure.ts';
import { runTool, type Tool } from '../commands/tool.ts';
import type { Family } from './families.ts';

/** Seconds to wait for the lock that all users of iptables share. */
const LOCK_TIME = '5';

const LIST: Readonly<Record<Family, Tool>> = {
  4: { command: 'iptables', package: 'iptables' },
  6: { command: 'ip6tables', package: 'iptables' },
};
const RESTORE: Readonly<Record<Family, Tool>> = {
  4: { command: 'iptables-restore', package: 'iptables' },
  6: { command: 'ip6tables-restore', package: 'iptables' },
};

/**
 * The table whose PREROUTING chain is the first that iptables has: before connection tracking and the destination
 * NAT of published container ports, so that what is forwarded is covered too, which INPUT never sees.
 */
const TABLE = 'raw';

/** A chain that no rule leads to, so that what stands in it has no effect. */
const TRIAL = 'PORTSENTRY-TRIAL';

/** Everybody's rules in the table, as `iptables -S` has them. Rejects with a one-line reason. */
export async function rawRules(family: Family): Promise<readonly string[]> {
  const { failure, stdout } = await runTool(LIST[family], ['-w', LOCK_TIME, '-t', TABLE, '-S']);
  throwOn(failure);
  return stdout.split('\n').filter((line) => line !== '');
}

/** Whether the rule, with its chain before it, is there. iptables itself compares, for it may write it otherwise. */
export async function hasRawRule(family: Family, rule: string): Promise<boolean> {
  const args = ['-w', LOCK_TIME, '-t', TABLE, '-C', ...rule.split(' ')];
  return (await runTool(LIST[family], args)).failure === null;
}

/** Carries out commands such as `-A CHAIN -s ADDR -j DROP` as one: all of them or none. */
export async function changeRaw(family: Family, commands: readonly string[]): Promise<Failure> {
  if (commands.length === 0) return null;
  const input = [`*${TABLE}`, ...commands, 'COMMIT', ''].join('\n');
  return (await runTool(RESTORE[family], ['-w', LOCK_TIME, '--noflush'], { input })).failure;
}

/** Whether the kernel takes a rule: it is put where no packet comes by, and taken away. */
export async function tryRawRule(family: Family, match: string): Promise<Failure> {
  // The declaration makes the chain, or flushes what a trial that was cut short has left.
  const failure = await changeRaw(family, [`:${TRIAL} - [0:0]`, `-A ${TRIAL} ${match} -j DROP`]);
  if (failure !== null) return failure;
  return changeRaw(family, [`-F ${TRIAL}`, `-X ${TRIAL}`]);
}
