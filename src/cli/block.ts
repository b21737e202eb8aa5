import { Exit } from '../preflight/exit.ts';
import { askFor, findSocket, ORDER_TIME } from './ask.ts';
import type { BlockOptions } from './invocation.ts';
import type { CommandOutput } from './output.ts';
import { readTarget, readTime } from './targets.ts';

/**
 * `portsentry block`. Throws a CommandError: 64 for what is no address, 65 when a never-block rule forbids it, 69
 * when it was tried and did not work.
 */
export async function runBlock(options: BlockOptions, output: CommandOutput): Promise<Exit> {
  const target = readTarget(options.target);
  const forMs = readTime(options.time);
  const request = { command: 'block', target, forMs, why: options.why ?? null } as const;
  const socket = findSocket(options.configfile, output);
  await output.stdout(`${await askFor<string>(socket, request, 'message', ORDER_TIME)}\n`);
  return Exit.ok;
}
