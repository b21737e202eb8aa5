import type { Request } from '../control/protocol.ts';
import type { Exit } from '../preflight/exit.ts';
import { findSocket, giveOrder, printOrder } from './ask.ts';
import type { UnblockOptions } from './invocation.ts';
import type { CommandOutput } from './output.ts';
import { readTarget } from './targets.ts';

/**
 * `portsentry unblock`. Throws a CommandError: 64 for a target that is not an address, 65 for one that is not blocked,
 * 75 when the release fails and may work later, 69 when nothing here can undo the block. --all succeeds even if nobody
 * is blocked. With --json it prints the outcome and returns the code instead.
 */
export async function runUnblock(options: UnblockOptions, output: CommandOutput): Promise<Exit> {
  const { target, configfile, forget } = options;
  const command = forget ? 'forget' : 'unblock';
  const request: Request =
    target === undefined ? { command: 'unblock-all' } : { command, target: readTarget(target) };
  const socket = findSocket(configfile, output);
  return printOrder(await giveOrder(socket, request), options.json, output);
}
