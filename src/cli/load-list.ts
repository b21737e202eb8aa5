import { MAX_PART_ENTRIES } from '../control/protocol.ts';
import { CommandError, Exit } from '../preflight/exit.ts';
import type { Refused } from '../respond/lists/admission.ts';
import { type DaemonSocket, findSocket, giveOrder, printOrder } from './ask.ts';
import { parseList } from './list-file.ts';
import type { CommandOutput } from './output.ts';
import { inputName, readInput, STDIN } from './read-input.ts';
import { readListName } from './targets.ts';

/** What is loaded, and under which name. */
export interface LoadListOptions {
  /** `-` is standard input. */
  readonly file: string;
  readonly list: string;
  /** Where it comes from; undefined for the file's name. */
  readonly note: string | undefined;
  readonly configfile: string | undefined;
  readonly json: boolean;
}

/**
 * Replaces a named list of the running daemon, and prints what it left out, with the reason. Throws a CommandError: 64 for a
 * wrong name, 65 for a list with a wrong line or without entries, 66 for a file that cannot be read, 69 when it cannot be put
 * in force. Nothing changes then.
 */
export async function loadList(
  { file, list, note, configfile, json }: LoadListOptions,
  output: CommandOutput,
  input: AsyncIterable<Buffer | string>,
): Promise<Exit> {
  const name = readListName(list);
  const targets = parseList(await readInput(file, input), inputName(file));
  const socket = findSocket(configfile, output);
  const upload = await send(socket, targets);
  const from = note ?? (file === STDIN ? null : file);
  const result = await giveOrder(socket, { command: 'list-load', list: name, upload, note: from });
  if (!json)
    for (const { target, why } of refusedOf(result.fields.refused))
      output.stderr(`portsentry: ${target} is not in the list: ${why}\n`);
  return printOrder(result, json, output);
}

/** Sends the entries in parts; the number that the daemon gave them. */
async function send(socket: DaemonSocket, targets: readonly string[]): Promise<number> {
  let upload: number | null = null;
  for (let first = 0; first < targets.length; first += MAX_PART_ENTRIES) {
    const entries = targets.slice(first, first + MAX_PART_ENTRIES);
    const { exit, fields } = await giveOrder(socket, { command: 'list-part', upload, entries });
    if (exit !== Exit.ok) throw new CommandError(exit, fields.message);
    upload = Number(fields.upload);
  }
  return upload as number;
}

function refusedOf(value: unknown): readonly Refused[] {
  return Array.isArray(value) ? (value as Refused[]) : [];
}
