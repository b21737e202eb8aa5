import { programsOf, whyNotRunnable } from '../commands/programs.ts';
import type { BlockMethod, Config } from '../config/config.ts';
import { COMMANDS, unkillRouteFor } from '../config/kill-route.ts';
import type { HealthCheck } from '../control/status.ts';
import { planActions, plannedMethod } from '../respond/plan.ts';

/** Whether the programs of the commands that these settings run are there; a line for each command. */
export function commandHealth(config: Config, method: BlockMethod | null): HealthCheck[] {
  const used = usedCommands(config, method);
  return COMMANDS.flatMap(([key, field]) => {
    const command = config[field];
    return command === null || !used.has(command) ? [] : [healthOf(key, command)];
  });
}

function healthOf(key: string, command: string): HealthCheck {
  const name = 'command';
  const programs = programsOf(command);
  if (programs.length === 0)
    return { name, result: 'skip', message: `${key}: what it runs is known only to the shell` };
  for (const program of programs) {
    const why = whyNotRunnable(program);
    if (why !== null) return { name, result: 'fail', message: `${key}: ${program} cannot be run: ${why}` };
  }
  return { name, result: 'ok', message: `${key}: ${programs.join(', ')} can be run` };
}

/** The texts of the commands that a probe or the end of a block may run. */
function usedCommands(config: Config, method: BlockMethod | null): ReadonlySet<string> {
  const used = new Set<string>();
  for (const family of [4, 6] as const) {
    for (const transport of ['tcp', 'udp'] as const) {
      for (const { step, template } of planActions(
        config,
        method ?? plannedMethod(config),
        transport,
        family,
      )) {
        used.add(template);
        // BLOCK="2" without KILL_RUN_CMD runs KILL_ROUTE as the external command.
        const isRoute = step === 'route' || (step === 'external' && config.killRunCmd === null);
        const undo = isRoute ? unkillRouteFor(config, family) : null;
        if (undo !== null) used.add(undo);
      }
    }
  }
  return used;
}
