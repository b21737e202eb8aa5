import type { Config } from './config.ts';

/** The keys of the commands, each with its field of the configuration. */
export const COMMANDS = [
  ['KILL_ROUTE', 'killRoute'],
  ['KILL_ROUTE6', 'killRoute6'],
  ['UNKILL_ROUTE', 'unkillRoute'],
  ['UNKILL_ROUTE6', 'unkillRoute6'],
  ['KILL_RUN_CMD', 'killRunCmd'],
] as const;

/** The command that blocks a source of this family. Without KILL_ROUTE6, it is KILL_ROUTE for IPv6, too. */
export function killRouteFor(config: Config, family: 4 | 6): string | null {
  return family === 6 ? (config.killRoute6 ?? config.killRoute) : config.killRoute;
}

/** Whether KILL_ROUTE is run at all: to block, or as the external command because KILL_RUN_CMD is not set. */
export function runsKillRoute({ killRoute, killRunCmd, blockMethod, ...config }: Config): boolean {
  if (killRoute === null) return false;
  const byMethod = blockMethod === null || blockMethod === 'command';
  return [config.blockTcp, config.blockUdp].some(
    (policy) => (policy === 1 && byMethod) || (policy === 2 && killRunCmd === null),
  );
}

/** The command that undoes `killRouteFor`. UNKILL_ROUTE never undoes KILL_ROUTE6. */
export function unkillRouteFor(config: Config, family: 4 | 6): string | null {
  if (family === 4) return config.unkillRoute;
  return config.unkillRoute6 ?? (config.killRoute6 === null ? config.unkillRoute : null);
}
