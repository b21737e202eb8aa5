import type { Failure } from '../../commands/failure.ts';
import { familiesHere } from '../families.ts';
import { tryRawRule } from '../raw-table.ts';
import { destroySets, restoreSets } from './run.ts';
import { createLine, nameOf, type SetKey } from './sets.ts';

/** Why this host cannot block with ipset: a set that nobody uses and a rule that no packet meets are made and taken away. */
export async function whyNoIpset(): Promise<Failure> {
  for (const family of familiesHere()) {
    const key: SetKey = { role: 'trial', family };
    try {
      await restoreSets([`${createLine(key)} -exist`]);
      const failure = await tryRawRule(family, `-m set --match-set ${nameOf(key)} src`);
      await destroySets([nameOf(key)]);
      if (failure !== null) return failure;
    } catch (error) {
      return (error as Error).message;
    }
  }
  return null;
}
