import { describeMissing, missingCapabilities } from '../capture/capabilities.ts';
import { DIRECTIVES } from '../config/directives.ts';
import { defaultConfig, loadConfigOrDefault, type ParsedConfig } from '../config/load.ts';
import { ask, ControlError, type Response } from '../control/client.ts';
import type { Reason, Request } from '../control/protocol.ts';
import { CommandError, Exit } from '../preflight/exit.ts';
import type { CommandOutput } from './output.ts';

/** The time limit for each line of an answer to a query. */
export const QUERY_TIMEOUT_MS = 10_000;
/** The same for `block` and `unblock`, which may wait for KILL_ commands. */
export const BLOCK_TIMEOUT_MS = 600_000;

/** The daemon's control socket, and the setting that names it. */
export interface DaemonSocket {
  readonly path: string;
  readonly setting: string;
}

/**
 * Finds the control socket of the daemon that runs with this configuration. A configuration with errors is reported
 * and still used, because a typo in it must not keep administrators from unblocking themselves. Throws a CommandError
 * when the file cannot be read. `usualFile` replaces the default file in tests.
 */
export function findSocket(
  configfile: string | undefined,
  output: Pick<CommandOutput, 'stderr'>,
  usualFile?: string,
): DaemonSocket {
  const loaded = loadConfigOrDefault(configfile, usualFile);
  if (loaded.status !== 'read') throw new CommandError(Exit.noInput, loaded.reason);
  const { key } = DIRECTIVES.controlSocket;
  const entry = loaded.settings.get(key);
  const file = loaded.config === null ? fileOf(loaded) : loaded.config.file;
  if (loaded.config === null) {
    output.stderr(`portsentry: ${file} has errors (see portsentry check); only ${key} was read\n`);
  }
  const setting = entry === undefined ? `the default of ${key}` : `${key} in ${file}`;
  return { path: loaded.config?.controlSocket ?? controlSocketOf(entry?.value, setting), setting };
}

/**
 * Yields the fields of each line of the daemon's answer, until `signal` is aborted. Throws a CommandError for an error or a
 * missing answer.
 */
export async function* askDaemon(
  { path, setting }: DaemonSocket,
  request: Request,
  timeoutMs = QUERY_TIMEOUT_MS,
  signal?: AbortSignal,
): AsyncGenerator<Readonly<Record<string, unknown>>> {
  for await (const response of responsesOf({ path, setting }, request, timeoutMs, signal))
    yield fieldsOf(response);
}

async function* responsesOf(
  { path, setting }: DaemonSocket,
  request: Request,
  timeoutMs: number,
  signal?: AbortSignal,
): AsyncGenerator<Response> {
  try {
    yield* ask(path, request, timeoutMs, signal);
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    switch (error.trouble) {
      case 'absent':
        throw new CommandError(Exit.unavailable, `${error.message}: is it running? (${setting})`);
      case 'forbidden':
        throw new CommandError(Exit.noPermission, `${error.message}: ${whyForbidden()}`);
      case 'silent':
        throw new CommandError(Exit.unavailable, `${error.message} (${setting})`);
      case 'protocol':
        throw new CommandError(Exit.software, `${error.message} (${setting})`);
    }
  }
}

/** Returns one field of an answer of one line. The protocol version guarantees its type. */
export async function askFor<T>(
  socket: DaemonSocket,
  request: Request,
  field: string,
  timeoutMs?: number,
  signal?: AbortSignal,
): Promise<T> {
  for await (const fields of askDaemon(socket, request, timeoutMs, signal)) {
    if (fields[field] !== undefined) return fields[field] as T;
  }
  throw new CommandError(Exit.software, `the answer on ${socket.path} has no ${field} (${socket.setting})`);
}

/** Root may connect to any socket, unless it lacks the capability that overrides the rights of files. */
function whyForbidden(): string {
  if (process.geteuid?.() !== 0) return 'run it as root';
  const missing = missingCapabilities(['CAP_DAC_OVERRIDE']);
  return missing.length === 0 ? 'something else than its rights forbids it' : describeMissing(missing);
}

function fileOf({ findings }: ParsedConfig): string {
  return findings[0]?.file ?? 'the configuration';
}

function controlSocketOf(value: string | undefined, setting: string): string {
  if (value === undefined) return defaultConfig().controlSocket;
  const parsed = DIRECTIVES.controlSocket.kind.parse(value);
  if (parsed.ok) return parsed.value;
  throw new CommandError(Exit.config, `${setting}: expected ${parsed.expected}, found ${parsed.found}`);
}

/** How an order ended: the answer's fields, with `outcome` and `message` in every case, and the exit code. */
export interface OrderResult {
  readonly exit: Exit;
  readonly fields: { readonly outcome: string; readonly message: string } & Readonly<Record<string, unknown>>;
}

/**
 * Gives an order. Throws a CommandError when the daemon cannot be asked; an order that failed is a result.
 * Aborting `signal` only ends the wait: the daemon goes on.
 */
export async function giveOrder(
  socket: DaemonSocket,
  request: Request,
  signal?: AbortSignal,
): Promise<OrderResult> {
  for await (const response of responsesOf(socket, request, BLOCK_TIMEOUT_MS, signal)) {
    if (response.ok) {
      const { message, ...more } = response.fields;
      return { exit: Exit.ok, fields: { outcome: 'done', message: String(message), ...more } };
    }
    if (!ORDER_OUTCOMES.includes(response.reason)) fieldsOf(response);
    const { reason: outcome, error: message, fields } = response;
    return { exit: EXITS[outcome], fields: { outcome, message, ...fields } };
  }
  throw new CommandError(Exit.software, `the answer on ${socket.path} is empty (${socket.setting})`);
}

/** Prints how an order ended: its message, or all of it as JSON. Throws a CommandError for an order that failed. */
export async function printOrder(
  { exit, fields }: OrderResult,
  json: boolean,
  output: Pick<CommandOutput, 'stdout'>,
): Promise<Exit> {
  if (json) await output.stdout(`${JSON.stringify(fields)}\n`);
  else if (exit !== Exit.ok) throw new CommandError(exit, fields.message);
  else await output.stdout(`${fields.message}\n`);
  return exit;
}

const ORDER_OUTCOMES: readonly Reason[] = ['refused', 'absent', 'later', 'failed'];

function fieldsOf(response: Response): Readonly<Record<string, unknown>> {
  if (response.ok) return response.fields;
  throw new CommandError(EXITS[response.reason] ?? Exit.software, response.error);
}

/** 65: the command does not apply to this address. 69: it failed, or cannot work. 75: it may work later. */
const EXITS: Readonly<Record<Reason, Exit>> = {
  refused: Exit.dataError,
  absent: Exit.dataError,
  later: Exit.tryLater,
  failed: Exit.unavailable,
  busy: Exit.unavailable,
  request: Exit.software,
  internal: Exit.software,
};
