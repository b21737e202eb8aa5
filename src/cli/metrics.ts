import { Exit } from '../preflight/exit.ts';
import { askFor, findSocket } from './ask.ts';
import type { DaemonOptions } from './invocation.ts';
import type { CommandOutput } from './output.ts';

/** `portsentry metrics`: prints the metrics in the text format of Prometheus. Throws a CommandError without an answer. */
export async function runMetrics({ configfile }: DaemonOptions, output: CommandOutput): Promise<Exit> {
  const socket = findSocket(configfile, output);
  await output.stdout(await askFor<string>(socket, { command: 'metrics' }, 'metrics'));
  return Exit.ok;
}
