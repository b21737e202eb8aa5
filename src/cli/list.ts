import type { BlockInfo } from '../control/status.ts';
import { Exit } from '../preflight/exit.ts';
import { labelOf } from '../record/labels.ts';
import { formatTime } from '../record/times.ts';
import { askDaemon, findSocket } from './ask.ts';
import { type Paint, PLAIN } from './colour.ts';
import type { QueryOptions } from './invocation.ts';
import { jsonLine } from './json.ts';
import { type CommandOutput, PIECE_CHARS } from './output.ts';
import { renderTable, type StyleOf } from './table.ts';
import { formatEnd } from './times.ts';

/** `portsentry list`: prints the blocks as a table or as JSON lines. Throws a CommandError without an answer. */
export async function runList({ configfile, json }: QueryOptions, output: CommandOutput): Promise<Exit> {
  const socket = findSocket(configfile, output);
  const answer = askDaemon(socket, { command: 'list' });
  if (json) await streamBlocks(answer, output);
  else {
    const blocks: BlockInfo[] = [];
    for await (const { block } of answer) if (block !== undefined) blocks.push(block as BlockInfo);
    await output.stdout(renderBlocks(blocks, Date.now(), output.paint));
  }
  return Exit.ok;
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

/** Why an address is blocked: `TCP SYN/Normal scan, port 111`, or the administrator's note. */
export function describeCause({ kind, port, note }: BlockInfo): string {
  if (kind === 'manual') return note === null ? 'by hand' : `by hand: ${note}`;
  const label = kind === 'odd' ? 'TCP scan with odd flags' : labelOf({ kind, tcpFlags: 0 });
  return `${label}, port ${port}`;
}

async function streamBlocks(
  answer: AsyncIterable<Readonly<Record<string, unknown>>>,
  output: CommandOutput,
): Promise<void> {
  let piece = '';
  try {
    for await (const { block } of answer) {
      if (block !== undefined) piece += jsonLine(block);
      if (piece.length < PIECE_CHARS) continue;
      await output.stdout(piece);
      piece = '';
    }
  } finally {
    await output.stdout(piece);
  }
}
