import { DIRECTIVES } from '../config/directives.ts';
import { defaultConfig, loadConfigOrDefault, type ParsedConfig } from '../config/load.ts';
import { ask, ControlError, type Response } from '../control/client.ts';
import type { Reason, Request } from '../control/protocol.ts';
import { CommandError, Exit } from '../preflight/exit.ts';
import type { CommandOutput } from './output.ts';

/** How long (ms) a line of an answer may take. Orders may have to wait for commands of the administrator's. */
export const QUESTION_TIME = 10_000;
export const ORDER_TIME = 600_000;

/** Where the daemon answers, and which setting says so. */
export interface DaemonSocket {
  readonly path: string;
  readonly setting: string;
}

/** Another usual file, for trials. */
export type UsualFile = string | undefined;

/**
 * The socket of the daemon whose configuration this is. One with errors is told of and used all the same: a slip
 * in it must not keep anybody from unblocking himself. Throws a CommandError when it cannot be read.
 */
export function findSocket(
  configfile: string | undefined,
  output: Pick<CommandOutput, 'stderr'>,
  usual?: UsualFile,
): DaemonSocket {
  const loaded = loadConfigOrDefault(configfile, usual);
  if (loaded.status !== 'read') throw new CommandError(Exit.noInput, loaded.reason);
  const { key } = DIRECTIVES.controlSocket;
  const entry = loaded.settings.get(key);
  const file = loaded.config === null ? fileOf(loaded) : loaded.config.file;
  if (loaded.config === null) {
    output.stderr(`portsentry: ${file} has errors, which portsentry check names; only ${key} was read\n`);
  }
  const setting = entry === undefined ? `the default of ${key}` : `${key} in ${file}`;
  return { path: loaded.config?.controlSocket ?? controlSocketOf(entry?.value, setting), setting };
}

/** The fields of each line of the daemon's answer. Throws a CommandError for an error and for no answer. */
export async function* askDaemon(
  { path, setting }: DaemonSocket,
  request: Request,
  patience = QUESTION_TIME,
): AsyncGenerator<Readonly<Record<string, unknown>>> {
  try {
    for await (const response of ask(path, request, patience)) yield fieldsOf(response);
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    switch (error.trouble) {
      case 'absent':
        throw new CommandError(Exit.unavailable, `${error.message}: is it running? (${setting})`);
      case 'forbidden':
        throw new CommandError(Exit.noPermission, `${error.message}: run it as root`);
      case 'silent':
        throw new CommandError(Exit.unavailable, `${error.message} (${setting})`);
      case 'protocol':
        throw new CommandError(Exit.software, `${error.message} (${setting})`);
    }
  }
}

/** One field of the one line of an answer, which the version of the protocol vouches for. */
export async function askFor<T>(
  socket: DaemonSocket,
  request: Request,
  field: string,
  patience?: number,
): Promise<T> {
  for await (const fields of askDaemon(socket, request, patience)) {
    if (fields[field] !== undefined) return fields[field] as T;
  }
  throw new CommandError(Exit.software, `the answer on ${socket.path} has no ${field} (${socket.setting})`);
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

function fieldsOf(response: Response): Readonly<Record<string, unknown>> {
  if (response.ok) return response.fields;
  throw new CommandError(EXITS[response.reason] ?? Exit.software, response.error);
}

/** 65: the address is not one that this can be done to. 69: it was tried, and did not work. */
const EXITS: Readonly<Record<Reason, Exit>> = {
  refused: Exit.dataError,
  absent: Exit.dataError,
  failed: Exit.unavailable,
  busy: Exit.unavailable,
  request: Exit.software,
  internal: Exit.software,
};
