import { hostname } from 'node:os';
import { loadConfigOrDefault } from '../config/load.ts';
import { ask, ControlError } from '../control/client.ts';
import type { NotifyTest, Status } from '../control/status.ts';
import { programVersion } from '../files/program.ts';
import { Notifier } from '../notify/notifier.ts';
import { CommandError, Exit } from '../preflight/exit.ts';
import { oneLine } from '../record/one-line.ts';
import { askFor, BLOCK_TIMEOUT_MS, type DaemonSocket, findSocket, QUERY_TIMEOUT_MS } from './ask.ts';
import { type Paint, PLAIN } from './colour.ts';
import type { QueryOptions } from './invocation.ts';
import type { CommandOutput } from './output.ts';

/** A test, and who made it: the daemon with this process number, or this command (null). */
interface Tried {
  readonly pid: number | null;
  readonly tests: readonly NotifyTest[];
}

/**
 * `portsentry notify --test`: sends a test message to each receiver. The daemon sends it where one runs, because it may
 * have other rights and see other files than this command. Returns 69 when a receiver did not take it. Throws a
 * CommandError, 78 when nobody is notified.
 */
export async function runNotify({ configfile, json }: QueryOptions, output: CommandOutput): Promise<Exit> {
  const socket = findSocket(configfile, output);
  const tried = (await testByDaemon(socket)) ?? { pid: null, tests: await testHere(configfile) };
  if (tried.tests.length === 0) throw new CommandError(Exit.config, nobodyText(tried));
  const isDelivered = tried.tests.every(({ delivered }) => delivered);
  if (json) await output.stdout(`${JSON.stringify({ delivered: isDelivered, ...tried })}\n`);
  else await output.stdout(renderTests(tried, output.paint ?? PLAIN));
  return isDelivered ? Exit.ok : Exit.unavailable;
}

/** Null when no daemon runs. */
async function testByDaemon(socket: DaemonSocket): Promise<Tried | null> {
  if (!(await isThere(socket.path))) return null;
  const { pid } = await askFor<Status>(socket, { command: 'status' }, 'status');
  const tests = await askFor<NotifyTest[]>(socket, { command: 'notify-test' }, 'tests', BLOCK_TIMEOUT_MS);
  return { pid, tests };
}

async function isThere(path: string): Promise<boolean> {
  try {
    for await (const _answer of ask(path, { command: 'status' }, QUERY_TIMEOUT_MS)) return true;
    return true;
  } catch (error) {
    return !(error instanceof ControlError && error.trouble === 'absent');
  }
}

async function testHere(configfile: string | undefined): Promise<readonly NotifyTest[]> {
  const loaded = loadConfigOrDefault(configfile);
  const config = loaded.status === 'read' ? loaded.config : null;
  if (config === null)
    throw new CommandError(Exit.config, 'the configuration has errors (see portsentry check)');
  const notifier = new Notifier(
    {
      origin: { host: hostname(), version: programVersion() },
      now: Date.now,
      toWall: (time) => time,
      tell: () => {},
    },
    config,
  );
  return (await notifier.test()) ?? [];
}

function nobodyText({ pid }: Tried): string {
  const neither = 'neither NOTIFY_COMMAND nor NOTIFY_URL is set';
  if (pid === null) return `nobody is notified: ${neither}`;
  return `the running portsentry (pid ${pid}) notifies nobody: ${neither} in what it has read, or it is a dry run`;
}

/** What each channel sent to which place, and what the receiver answered. */
export function renderTests({ pid, tests }: Tried, paint: Paint): string {
  const by =
    pid === null
      ? 'portsentry does not run, so this command sent'
      : `The running portsentry (pid ${pid}) sent`;
  const title = oneLine(tests[0]?.title ?? '');
  const lines = tests.map((test) => {
    const { to, format, delivered, answer, tookMs } = test;
    const how = delivered ? paint('green', 'delivered') : paint('red', 'NOT delivered');
    return `  ${oneLine(to)} (${format}): ${how} after ${(tookMs / 1_000).toFixed(1)} s: ${oneLine(answer)}\n`;
  });
  return `${by} "${title}" to\n${lines.join('')}`;
}
