import type { Config } from './config.ts';

/** The command that shuts out a source of this family; an IPv6 source falls back to KILL_ROUTE. */
export function killRouteFor(config: Config, family: 4 | 6): string | null {
  return family === 6 ? (config.killRoute6 ?? config.killRoute) : config.killRoute;
}

/** The undo of `killRouteFor`. UNKILL_ROUTE undoes nothing that KILL_ROUTE6 did. */
export function unkillRouteFor(config: Config, family: 4 | 6): string | null {
  if (family === 4) return config.unkillRoute;
  return config.unkillRoute6 ?? (config.killRoute6 === null ? config.unkillRoute : null);
}
