import type { Exit } from '../preflight/exit.ts';
import { findSocket, giveOrder, printOrder } from './ask.ts';
import type { BlockOptions } from './invocation.ts';
import type { CommandOutput } from './output.ts';
import { readDurationMs, readTarget } from './targets.ts';

/**
 * `portsentry block`. Throws a CommandError: 64 for a target that is not an address, 65 when a never-block rule
 * forbids the block, 69 when the block fails. With --json it prints the outcome and returns the code instead.
 */
export async function runBlock(options: BlockOptions, output: CommandOutput): Promise<Exit> {
  const target = readTarget(options.target);
  const forMs = readDurationMs(options.time);
  const request = { command: 'block', target, forMs, why: options.why ?? null } as const;
  const socket = findSocket(options.configfile, output);
  return printOrder(await giveOrder(socket, request), options.json, output);
}
