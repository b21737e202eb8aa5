import { type Failure, failureOf, throwOn } from '../../commands/failure.ts';
import { type Family, familiesHere } from '../families.ts';
import { tryRawRule } from '../raw-table.ts';
import { destroySets, restoreSets } from './run.ts';
import { createLine, nameOf, type SetKey } from './sets.ts';

/** Why this host cannot block with ipset; null when it can. It creates and removes an unused set and a rule for it. */
export async function whyNoIpset(): Promise<Failure> {
  for (const family of familiesHere()) {
    const failure = await failureOf(tryFamily(family));
    if (failure !== null) return failure;
  }
  return null;
}

async function tryFamily(family: Family): Promise<void> {
  const key: SetKey = { role: 'trial', family };
  await restoreSets([`${createLine(key)} -exist`]);
  const failure = await tryRawRule(family, `-m set --match-set ${nameOf(key)} src`);
  await destroySets([nameOf(key)]);
  throwOn(failure);
}
