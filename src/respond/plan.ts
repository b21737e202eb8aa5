import type { BlockMethod, Config } from '../config/config.ts';
import { killRouteFor } from '../config/kill-route.ts';
import { modeTransportOf, type Transport } from '../net/protocol.ts';
import type { ActionStep } from './event.ts';

/** An action against a source, before its tokens are replaced. */
export interface PlannedAction {
  readonly step: ActionStep['step'];
  /** A command for the shell; for `wrappers` a line of hosts.deny; for a built-in block method its name. */
  readonly template: string;
}

/** How sources are blocked; `best` until it is known what the host can do. */
export type PlannedMethod = BlockMethod | 'best';

/** BLOCK_METHOD, else `command` for a KILL_ROUTE, else the best that the host has. */
export function plannedMethod({ blockMethod, killRoute }: Config): PlannedMethod {
  return blockMethod ?? (killRoute === null ? 'best' : 'command');
}

/** The actions against a source that triggered, in order; empty for none. */
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
