import type { Config } from '../config/config.ts';
import type { LedgerMethod } from '../ledger/entry.ts';
import { modeTransportOf, type Transport } from '../net/protocol.ts';
import { type PlannedAction, type PlannedMethod, planActions } from './plan.ts';

/**
 * What is done against a source that triggers. `logs`: nothing but a line. `notifies`: KILL_RUN_CMD is run, which blocks
 * nobody. `fails`: it is to be blocked, and nothing is configured that would do it. `best`: not known yet by which method.
 */
export type Countermeasure =
  | { readonly does: 'logs' | 'notifies' | 'fails' }
  | { readonly does: 'blocks'; readonly method: LedgerMethod | 'best' };

/** What is done against a source of this transport and family; `method` is the one that BLOCK="1" uses. */
export function countermeasureFor(
  config: Config,
  method: PlannedMethod,
  transport: Transport,
  family: 4 | 6,
): Countermeasure {
  const policy = modeTransportOf(transport) === 'tcp' ? config.blockTcp : config.blockUdp;
  if (policy === 0) return { does: 'logs' };
  return countermeasureOf(planActions(config, method, transport, family), config, method);
}

/** What carrying out this plan comes to: a firewall's block counts before a line in hosts.deny, and a notice last. */
export function countermeasureOf(
  plan: readonly PlannedAction[],
  config: Config,
  method: PlannedMethod,
): Countermeasure {
  const has = (step: PlannedAction['step']) => plan.some((action) => action.step === step);
  if (has('route')) return { does: 'blocks', method };
  if (has('wrappers')) return { does: 'blocks', method: 'hosts.deny' };
  // BLOCK="2" without KILL_RUN_CMD: the external command is KILL_ROUTE.
  if (has('external') && config.killRunCmd === null) return { does: 'blocks', method: 'command' };
  return { does: has('external') ? 'notifies' : 'fails' };
}
