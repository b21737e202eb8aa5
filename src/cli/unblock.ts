import type { Request } from '../control/protocol.ts';
import type { Exit } from '../preflight/exit.ts';
import { findSocket } from './ask.ts';
import type { UnblockOptions } from './invocation.ts';
import { giveOrders } from './orders.ts';
import type { CommandOutput } from './output.ts';
import { readTargets } from './read-targets.ts';
import { readListName } from './targets.ts';

/**
 * `portsentry unblock`. Throws a CommandError: 64 for a target that is not an address, 65 for one that is not blocked and for
 * a list that there is not, 75 when the release fails and may work later, 69 when nothing here can undo the block. --all
 * succeeds even if nobody is blocked. With --json it prints the outcome and returns the code instead.
 */
export async function runUnblock(
  options: UnblockOptions,
  output: CommandOutput,
  input: AsyncIterable<Buffer | string> = process.stdin,
): Promise<Exit> {
  const orders = await ordersOf(options, input);
  return giveOrders(findSocket(options.configfile, output), orders, options.json, output);
}

async function ordersOf(
  { targets, all, list, forget }: UnblockOptions,
  input: AsyncIterable<Buffer | string>,
): Promise<Request[]> {
  if (all) return [{ command: 'unblock-all' }];
  if (list !== undefined) return [{ command: 'list-unload', list: readListName(list) }];
  const command = forget ? 'forget' : 'unblock';
  return (await readTargets(targets, input)).map(({ target }) => ({ command, target }));
}
