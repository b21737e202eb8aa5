import type { BlockMethod, Config } from '../config/config.ts';
import { killRouteFor } from '../config/kill-route.ts';
import { modeTransportOf, type Transport } from '../net/protocol.ts';
import type { ActionStep } from './event.ts';

/** One thing that will be done to a source, with its tokens still in it. */
export interface PlannedAction {
  readonly step: ActionStep['step'];
  /** A command for the shell; for `wrappers` a line of hosts.deny; for a built-in block method its name. */
  readonly template: string;
}

/** How sources are shut out; `best` as long as it is not found out what the host can do. */
export type PlannedMethod = BlockMethod | 'best';

/** BLOCK_METHOD; without one KILL_ROUTE if there is one, else the best that the host has. */
export function plannedMethod({ blockMethod, killRoute }: Config): PlannedMethod {
  return blockMethod ?? (killRoute === null ? 'best' : 'command');
}

/** What the configuration does to a source that triggered, in the order in which it is done; empty for nothing. */
export function planActions(
  config: Config,
  method: PlannedMethod,
  transport: Transport,
  family: 4 | 6,
): PlannedAction[] {
  const policy = modeTransportOf(transport) === 'tcp' ? config.blockTcp : config.blockUdp;
  if (policy === 0) return [];
  if (policy === 2) return planned('external', config.killRunCmd ?? killRouteFor(config, family));
  const block = [
    ...planned('route', blockTemplate(config, method, family)),
    ...planned('wrappers', config.killHostsDeny),
  ];
  const external = planned('external', config.killRunCmd);
  return config.killRunCmdFirst ? [...external, ...block] : [...block, ...external];
}

function planned(step: PlannedAction['step'], template: string | null): PlannedAction[] {
  return template === null ? [] : [{ step, template }];
}

function blockTemplate(config: Config, method: PlannedMethod, family: 4 | 6): string | null {
  if (method === 'none') return null;
  return method === 'command' ? killRouteFor(config, family) : method;
}
