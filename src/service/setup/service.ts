import { existsSync } from 'node:fs';
import type { InitSystem } from '../../cli/invocation.ts';
import { CommandError, Exit } from '../../preflight/exit.ts';
import type { Work } from './install.ts';
import type { Report } from './report.ts';
import { failureOfTool } from './run-tool.ts';
import type { Tree } from './tree.ts';

/** The table that our blocks and rules are in; it is of no use without the program. */
const DELETE_TABLE = ['nft', 'delete', 'table', 'inet', 'portsentry'];

/** The lines that say how to start the service. */
export function startLines(inits: readonly InitSystem[]): string[] {
  const commands = inits.flatMap(startCommands).map((words) => `  ${words.join(' ')}`);
  return ['Nothing was started. To start it at each boot, and now:', ...commands];
}

/** Starts the service at each boot and now. Throws a CommandError (69). */
export function enable(inits: readonly InitSystem[], report: Report): void {
  for (const command of inits.flatMap(startCommands)) run(command, report);
}

/**
 * Stops the service and lets no boot start it. Its blocks end, because nothing would end them later. Throws a CommandError
 * (69) when it cannot be stopped. What is not installed is not stopped.
 */
export function stop(inits: readonly InitSystem[], { tree, files, report }: Work, main: string): void {
  const installed = inits.filter((init) =>
    files.some(({ path }) => path.endsWith(SERVICE_FILES[init]) && tree.look(path).kind === 'file'),
  );
  const stops = installed.flatMap((init) => stopCommand(init) ?? []);
  if (stops.length > 0 && !report.dryRun) failureOfTool([process.execPath, main, 'unblock', '--all']);
  for (const init of installed)
    for (const command of [stopCommand(init), disableCommand(init, tree)])
      if (command !== null) run(command, report);
  // This fails where there is no such table.
  if (stops.length > 0 && !report.dryRun) failureOfTool(DELETE_TABLE);
}

const SERVICE_FILES: Readonly<Record<InitSystem, string>> = {
  systemd: '/portsentry.service',
  openrc: '/init.d/portsentry',
  sysv: '/init.d/portsentry',
};

function run(command: readonly string[], report: Report): void {
  const failure = report.dryRun ? null : failureOfTool(command);
  if (failure !== null)
    throw new CommandError(
      Exit.unavailable,
      `${command.join(' ')}: ${failure}; what is listed above is done`,
    );
  report.note('ran', command.join(' '));
}

/** The commands that start the service at each boot and now; a running one is started anew. */
function startCommands(init: InitSystem): readonly (readonly string[])[] {
  switch (init) {
    case 'systemd':
      return [
        ['systemctl', 'enable', 'portsentry'],
        ['systemctl', 'restart', 'portsentry'],
      ];
    case 'openrc':
      return [
        ['rc-update', 'add', 'portsentry', 'default'],
        ['rc-service', 'portsentry', 'restart'],
      ];
    case 'sysv':
      return [
        ['update-rc.d', 'portsentry', 'defaults'],
        ['/etc/init.d/portsentry', 'restart'],
      ];
  }
}

/** The command that stops it; null on a host that this init system has not booted, where it does not run. */
function stopCommand(init: InitSystem): readonly string[] | null {
  switch (init) {
    case 'systemd':
      return existsSync('/run/systemd/system') ? ['systemctl', 'stop', 'portsentry'] : null;
    case 'openrc':
      return existsSync('/run/openrc/softlevel') ? ['rc-service', 'portsentry', 'stop'] : null;
    case 'sysv':
      return ['/etc/init.d/portsentry', 'stop'];
  }
}

/** Where each init system notes that a boot starts the service; sysv has a link for each level. */
const ENABLED: Readonly<Partial<Record<InitSystem, string>>> = {
  systemd: '/etc/systemd/system/multi-user.target.wants/portsentry.service',
  openrc: '/etc/runlevels/default/portsentry',
};

/** The command that lets no boot start it; null if none does. */
function disableCommand(init: InitSystem, tree: Tree): readonly string[] | null {
  const link = ENABLED[init];
  if (link !== undefined && tree.look(link).kind === 'absent') return null;
  switch (init) {
    case 'systemd':
      return ['systemctl', 'disable', 'portsentry'];
    case 'openrc':
      return ['rc-update', 'delete', 'portsentry'];
    case 'sysv':
      return ['update-rc.d', '-f', 'portsentry', 'remove'];
  }
}
