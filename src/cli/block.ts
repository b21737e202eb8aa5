import type { Request } from '../control/protocol.ts';
import type { Exit } from '../preflight/exit.ts';
import { OF_THIS_HOST } from '../watch/lifelines.ts';
import { ownSession } from '../watch/sessions/own-session.ts';
import { findSocket, giveOrder, printOrder } from './ask.ts';
import type { BlockOptions } from './invocation.ts';
import type { CommandOutput } from './output.ts';
import { readDurationMs, readTarget } from './targets.ts';

/**
 * `portsentry block`. Throws a CommandError: 64 for a target that is not an address, 65 when it is an address of
 * this host or of the caller's own session, 69 when the block fails. With --json it prints the outcome and returns the code instead.
 */
export async function runBlock(options: BlockOptions, output: CommandOutput): Promise<Exit> {
  const target = readTarget(options.target);
  const request = blockRequest(target, readDurationMs(options.time), options.why ?? null);
  const socket = findSocket(options.configfile, output);
  return printOrder(await giveOrder(socket, request), options.json, output);
}

/** The order to block a target, for `forMs` as in `BlockRequest`. It names the session that must not be cut off. */
export function blockRequest(target: string, forMs: number | null, why: string | null): Request {
  const session = ownSession(process.pid, process.env.SSH_CONNECTION, OF_THIS_HOST);
  return { command: 'block', target, forMs, why, session };
}
