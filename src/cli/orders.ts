import type { Request } from '../control/protocol.ts';
import { Exit } from '../preflight/exit.ts';
import { type DaemonSocket, giveOrder, printOrder } from './ask.ts';
import type { CommandOutput } from './output.ts';

/**
 * Gives orders one after the other and prints how each ended. One order that fails throws a CommandError, unless `json`. Of
 * several the others are given all the same, a line on stderr says what failed, and the exit code is that of the first one
 * that did.
 */
export async function giveOrders(
  socket: DaemonSocket,
  orders: readonly Request[],
  json: boolean,
  output: CommandOutput,
): Promise<Exit> {
  const [only] = orders;
  if (orders.length === 1) return printOrder(await giveOrder(socket, only as Request), json, output);
  let first: Exit = Exit.ok;
  for (const order of orders) {
    const result = await giveOrder(socket, order);
    if (first === Exit.ok) first = result.exit;
    if (json || result.exit === Exit.ok) await printOrder(result, json, output);
    else output.stderr(`portsentry: ${result.fields.message}\n`);
  }
  return first;
}
