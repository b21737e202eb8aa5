import type { Config } from '../config/config.ts';
import type { Transport } from '../net/protocol.ts';
import type { ActionStep } from './event.ts';

/** One thing that will be done to a source, with its tokens still in it. */
export interface PlannedAction {
  readonly step: ActionStep['step'];
  /** A command for the shell; for `wrappers` a line of hosts.deny; for a built-in block method its name. */
  readonly template: string;
}

/** What the configuration does to a source that triggered, in the order in which it is done; empty for nothing. */
export function planActions(config: Config, transport: Transport, family: 4 | 6): PlannedAction[] {
  const policy = transport === 'tcp' ? config.blockTcp : config.blockUdp;
  if (policy === 0) return [];
  if (policy === 2) return planned('external', config.killRunCmd ?? killRouteFor(config, family));
  const block = [
    ...planned('route', blockTemplate(config, family)),
    ...planned('wrappers', config.killHostsDeny),
  ];
  const external = planned('external', config.killRunCmd);
  return config.killRunCmdFirst ? [...external, ...block] : [...block, ...external];
}

/** The command that shuts out a source of this family; an IPv6 source falls back to KILL_ROUTE. */
export function killRouteFor(config: Config, family: 4 | 6): string | null {
  return family === 6 ? (config.killRoute6 ?? config.killRoute) : config.killRoute;
}

/** The undo of `killRouteFor`. UNKILL_ROUTE undoes nothing that KILL_ROUTE6 did. */
export function unkillRouteFor(config: Config, family: 4 | 6): string | null {
  if (family === 4) return config.unkillRoute;
  return config.unkillRoute6 ?? (config.killRoute6 === null ? config.unkillRoute : null);
}

function planned(step: PlannedAction['step'], template: string | null): PlannedAction[] {
  return template === null ? [] : [{ step, template }];
}

function blockTemplate(config: Config, family: 4 | 6): string | null {
  if (config.blockMethod === 'none') return null;
  if (config.blockMethod === 'null') return 'null';
  // The methods that need no command come with a later version; until then a KILL_ROUTE stands in for them.
  return killRouteFor(config, family);
}
