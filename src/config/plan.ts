import type { BlockMethod, BlockPolicy, Config } from './config.ts';

/** One action of the answer to a source that triggered. */
export interface PlannedStep {
  readonly step: 'route' | 'wrappers' | 'external';
  /** The key that it comes from. */
  readonly key: 'KILL_ROUTE' | 'KILL_ROUTE6' | 'KILL_HOSTS_DENY' | 'KILL_RUN_CMD' | 'BLOCK_METHOD';
  /** The command or line with its tokens still in it; the name of the method for BLOCK_METHOD. */
  readonly template: string;
}

/** Everything that is done about a source of this family, in its order; empty for BLOCK="0". */
export function planResponse(config: Config, policy: BlockPolicy, family: 4 | 6): PlannedStep[] {
  if (policy === 0) return [];
  const external = config.killRunCmd === null ? null : step('external', 'KILL_RUN_CMD', config.killRunCmd);
  if (policy === 2) {
    const only = external ?? routeCommand(config, family, 'external');
    return only === null ? [] : [only];
  }
  const wrappers =
    config.killHostsDeny === null ? null : step('wrappers', 'KILL_HOSTS_DENY', config.killHostsDeny);
  const shut = [routeStep(config, family), wrappers];
  const steps = config.killRunCmdFirst ? [external, ...shut] : [...shut, external];
  return steps.filter((planned) => planned !== null);
}

/** The method that BLOCK="1" uses to shut a source out. */
export function blockMethodOf(config: Config): BlockMethod {
  return config.blockMethod ?? (config.killRoute === null ? 'none' : 'command');
}

function routeStep(config: Config, family: 4 | 6): PlannedStep | null {
  const method = blockMethodOf(config);
  if (method === 'none') return null;
  if (method === 'command') return routeCommand(config, family, 'route');
  return step('route', 'BLOCK_METHOD', method);
}

/**
 * KILL_ROUTE as a step of its own, or, with BLOCK="2" and no KILL_RUN_CMD, as the external command: people set
 * it so and 1.x then did nothing. An IPv6 source gets KILL_ROUTE6, and KILL_ROUTE where that is not set.
 */
function routeCommand(config: Config, family: 4 | 6, as: 'route' | 'external'): PlannedStep | null {
  if (family === 6 && config.killRoute6 !== null) return step(as, 'KILL_ROUTE6', config.killRoute6);
  return config.killRoute === null ? null : step(as, 'KILL_ROUTE', config.killRoute);
}

function step(name: PlannedStep['step'], key: PlannedStep['key'], template: string): PlannedStep {
  return { step: name, key, template };
}
