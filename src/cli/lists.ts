import type { ListInfo } from '../control/lists.ts';
import { Exit } from '../preflight/exit.ts';
import { formatTime } from '../record/times.ts';
import { askFor, findSocket } from './ask.ts';
import type { QueryOptions } from './invocation.ts';
import { jsonLine } from './json.ts';
import type { CommandOutput } from './output.ts';
import { renderTable } from './table.ts';

/** `portsentry lists`: prints the named lists as a table or as JSON lines. Throws a CommandError without an answer. */
export async function runLists({ configfile, json }: QueryOptions, output: CommandOutput): Promise<Exit> {
  const socket = findSocket(configfile, output);
  const lists = await askFor<readonly ListInfo[]>(socket, { command: 'lists' }, 'lists');
  await output.stdout(json ? lists.map(jsonLine).join('') : renderLists(lists));
  return Exit.ok;
}

/** The table of the lists. */
export function renderLists(lists: readonly ListInfo[]): string {
  if (lists.length === 0) return 'There are no lists. block --file FILE --list NAME loads one.\n';
  const rows = lists.map(({ name, origin, entries, dropped, loadedAt, note }) => [
    name,
    String(entries),
    dropped === null ? 'unknown' : `${dropped} packets`,
    formatTime(loadedAt),
    note ?? (origin === 'shared' ? 'shared' : '-'),
  ]);
  return renderTable(['LIST', 'ENTRIES', 'DROPPED', 'LOADED', 'FROM'], rows);
}
