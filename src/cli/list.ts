import type { ListInfo, ListMatch } from '../control/lists.ts';
import type { BlockInfo } from '../control/status.ts';
import { Exit } from '../preflight/exit.ts';
import { formatTime } from '../record/times.ts';
import { askDaemon, askFor, type DaemonSocket, findSocket } from './ask.ts';
import { type Paint, PLAIN } from './colour.ts';
import { describeCause } from './describe-cause.ts';
import type { ListOptions } from './invocation.ts';
import { jsonLine } from './json.ts';
import { type CommandOutput, PIECE_CHARS } from './output.ts';
import { renderTable, type StyleOf } from './table.ts';
import { readListName } from './targets.ts';
import { formatEnd } from './times.ts';

/** Members of a shared list that the table of blocks names; `list --list` names them all. */
const MAX_SHARED_SHOWN = 50;

/**
 * `portsentry list`: prints the blocks, or the members of a named list, as a table or as JSON lines. Throws a CommandError
 * without an answer, 65 when there is no such list.
 */
export async function runList({ configfile, list, json }: ListOptions, output: CommandOutput): Promise<Exit> {
  const socket = findSocket(configfile, output);
  if (list !== undefined) {
    const answer = askDaemon(socket, { command: 'list-members', list: readListName(list) });
    if (json) await streamItems('member', answer, output);
    else await output.stdout(renderMembers(await collect<ListMatch>('member', answer), Date.now()));
    return Exit.ok;
  }
  const answer = askDaemon(socket, { command: 'list' });
  if (json) await streamItems('block', answer, output);
  else {
    const blocks = await collect<BlockInfo>('block', answer);
    await output.stdout(renderBlocks(blocks, Date.now(), output.paint) + (await renderShared(socket)));
  }
  return Exit.ok;
}

/** What others have decided, below this host's own blocks: the first members of each shared list. */
async function renderShared(socket: DaemonSocket): Promise<string> {
  const lists = await askFor<readonly ListInfo[]>(socket, { command: 'lists' }, 'lists');
  let text = '';
  for (const { name, origin, entries } of lists) {
    if (origin !== 'shared' || entries === 0) continue;
    const shown: ListMatch[] = [];
    for await (const { member } of askDaemon(socket, { command: 'list-members', list: name })) {
      if (member !== undefined) shown.push(member as ListMatch);
      if (shown.length === MAX_SHARED_SHOWN) break;
    }
    const rest = entries - shown.length;
    text += `\nIn the shared list ${name}:\n${renderMembers(shown, Date.now())}`;
    if (rest > 0) text += `and ${rest} more: portsentry list --list ${name}\n`;
  }
  return text;
}

/** The table of a list's members. */
function renderMembers(members: readonly ListMatch[], now: number): string {
  if (members.length === 0) return 'Nobody is in the list.\n';
  const rows = members.map(({ target, until, note }) => [target, formatEnd(until, now), note ?? '-']);
  return renderTable(['TARGET', 'ENDS', 'WHY'], rows);
}

async function collect<T>(
  field: string,
  answer: AsyncIterable<Readonly<Record<string, unknown>>>,
): Promise<T[]> {
  const items: T[] = [];
  for await (const { [field]: item } of answer) if (item !== undefined) items.push(item as T);
  return items;
}

/** The table of the blocks; the column without a bounded width is the last. */
export function renderBlocks(blocks: readonly BlockInfo[], now: number, paint: Paint = PLAIN): string {
  if (blocks.length === 0) return 'Nobody is blocked.\n';
  const rows = blocks.map((block) => [
    block.target,
    formatTime(block.since),
    endOf(block, now),
    block.times === 0 ? '-' : String(block.times),
    block.method,
    FORCE[String(block.inForce)] as string,
    describeCause(block),
  ]);
  const headings = ['TARGET', 'SINCE', 'ENDS', 'TIMES', 'METHOD', 'IN FORCE', 'WHY'];
  return renderTable(headings, rows, { paint, styleOf });
}

/** What the administrator should look at. */
const styleOf: StyleOf = (text, heading) => {
  if (heading !== 'IN FORCE' || text === FORCE.true) return null;
  return text === FORCE.false ? 'red' : 'yellow';
};

const FORCE: Readonly<Record<string, string>> = { true: 'yes', false: 'no', null: 'unknown' };

/** `by hand`: nothing here can end it. */
function endOf({ undo, until }: BlockInfo, now: number): string {
  return undo === null ? 'by hand' : formatEnd(until, now);
}

async function streamItems(
  field: string,
  answer: AsyncIterable<Readonly<Record<string, unknown>>>,
  output: CommandOutput,
): Promise<void> {
  let piece = '';
  try {
    for await (const { [field]: item } of answer) {
      if (item !== undefined) piece += jsonLine(item);
      if (piece.length < PIECE_CHARS) continue;
      await output.stdout(piece);
      piece = '';
    }
  } finally {
    await output.stdout(piece);
  }
}
