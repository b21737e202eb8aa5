import type { BlockInfo } from '../control/status.ts';
import { Exit } from '../preflight/exit.ts';
import { labelOf } from '../record/labels.ts';
import { askDaemon, findSocket } from './ask.ts';
import type { QuestionOptions } from './invocation.ts';
import type { CommandOutput } from './output.ts';
import { tellEnd, tellMoment } from './spans.ts';
import { renderTable } from './table.ts';

/** JSON is written in pieces of about this many characters: one write a line would cost more than the line. */
const PIECE = 65_536;

/** `portsentry list`: a table of the blocks, or an object for each one. Throws a CommandError without an answer. */
export async function runList({ configfile, json }: QuestionOptions, output: CommandOutput): Promise<Exit> {
  const socket = findSocket(configfile, output);
  const answer = askDaemon(socket, { command: 'list' });
  if (json) await streamBlocks(answer, output);
  else {
    const blocks: BlockInfo[] = [];
    for await (const { block } of answer) if (block !== undefined) blocks.push(block as BlockInfo);
    await output.stdout(renderBlocks(blocks, Date.now()));
  }
  return Exit.ok;
}

/** The table, with what has no fixed width last. */
export function renderBlocks(blocks: readonly BlockInfo[], now: number): string {
  if (blocks.length === 0) return 'Nobody is blocked.\n';
  const rows = blocks.map((block) => [
    block.target,
    tellMoment(block.since),
    tellEnd(block.until, now),
    String(block.times),
    block.method,
    block.inForce ? 'yes' : 'no',
    tellCause(block),
  ]);
  return renderTable(['TARGET', 'SINCE', 'ENDS', 'TIMES', 'METHOD', 'IN FORCE', 'WHY'], rows);
}

/** Why a block came to be: `TCP SYN/Normal scan, port 111`, or an administrator's words. */
export function tellCause({ kind, port, note }: BlockInfo): string {
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
      if (block !== undefined) piece += `${JSON.stringify(block)}\n`;
      if (piece.length < PIECE) continue;
      await output.stdout(piece);
      piece = '';
    }
  } finally {
    await output.stdout(piece);
  }
}
