import type { Request } from '../control/protocol.ts';
import type { Exit } from '../preflight/exit.ts';
import { OF_THIS_HOST } from '../watch/lifelines.ts';
import { ownSession } from '../watch/sessions/own-session.ts';
import { findSocket } from './ask.ts';
import type { BlockOptions } from './invocation.ts';
import { loadList } from './load-list.ts';
import { giveOrders } from './orders.ts';
import type { CommandOutput } from './output.ts';
import { type GivenTarget, readTargets } from './read-targets.ts';
import { readDurationMs } from './targets.ts';

/**
 * `portsentry block`. Throws a CommandError: 64 for a target that is not an address, 65 when it is an address of
 * this host or of the caller's own session, 69 when the block fails. With --json it prints the outcome and returns the code
 * instead. With --file and --list it replaces a named list. `input` is standard input.
 */
export async function runBlock(
  options: BlockOptions,
  output: CommandOutput,
  input: AsyncIterable<Buffer | string> = process.stdin,
): Promise<Exit> {
  const { file, list, configfile, json } = options;
  if (file !== undefined && list !== undefined)
    return loadList({ file, list, note: options.why, configfile, json }, output, input);
  const forMs = readDurationMs(options.time);
  const given = await readTargets(options.targets, input);
  const session = sessionOfCaller();
  const now = Date.now();
  const orders = given.filter(({ until }) => until === undefined || until === null || until > now);
  if (orders.length < given.length)
    output.stderr(`portsentry: ${given.length - orders.length} of the blocks have ended already\n`);
  return giveOrders(
    findSocket(configfile, output),
    orders.map(({ target, until, note }) =>
      blockRequest(target, forMs ?? restOf(until, now), options.why ?? note ?? null, session),
    ),
    json,
    output,
  );
}

/** The time that is left, in ms: 0 for ever, null for the configured time. */
function restOf(until: GivenTarget['until'], now: number): number | null {
  if (until === undefined) return null;
  return until === null ? 0 : Math.max(1, Math.round(until - now));
}

/** The order to block a target, for `forMs` as in `BlockRequest`. It names the session that must not be cut off. */
export function blockRequest(
  target: string,
  forMs: number | null,
  why: string | null,
  session = sessionOfCaller(),
): Request {
  return { command: 'block', target, forMs, why, session };
}

function sessionOfCaller(): readonly string[] {
  return ownSession(process.pid, process.env.SSH_CONNECTION, OF_THIS_HOST);
}
