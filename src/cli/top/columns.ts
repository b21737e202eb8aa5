import type { ScannerInfo } from '../../control/scanners.ts';
import { formatTime } from '../../record/times.ts';
import { doneText, kindsText, portsText } from '../scanner-text.ts';
import { cellsOf, shownText } from '../terminal-text.ts';
import { formatDuration } from '../times.ts';

/** One column of the view. */
export interface Column {
  readonly heading: string;
  readonly cells: number;
  readonly align: 'left' | 'right';
  /** The text of a row, for this many cells. */
  readonly text: (row: ScannerInfo, now: number, cells: number) => string;
}

/** Between two columns. */
export const GAP_CELLS = 2;

/** The longest IPv4 address, and the longest text of an IPv6 prefix. */
const MIN_SOURCE_CELLS = 15;
const MAX_SOURCE_CELLS = 43;

const LAST: Column = {
  heading: 'LAST',
  cells: 11,
  align: 'right',
  text: (row, now) => formatDuration(Math.max(0, now - row.lastSeen)),
};
const FIRST: Column = {
  heading: 'FIRST',
  cells: 16,
  align: 'left',
  text: (row) => formatTime(row.firstSeen),
};
const PROBES: Column = { heading: 'PROBES', cells: 8, align: 'right', text: (row) => count(row.probes) };
const PORTS: Column = { heading: 'PORTS', cells: 6, align: 'right', text: portsText };
const KINDS: Column = { heading: 'KINDS', cells: 12, align: 'left', text: kindsText };
const TOOL: Column = { heading: 'TOOL', cells: 11, align: 'left', text: (row) => row.tool ?? '-' };
const SHAPE: Column = { heading: 'SHAPE', cells: 11, align: 'left', text: (row) => row.shape };
const DONE: Column = {
  heading: 'DONE',
  cells: 8,
  align: 'left',
  text: (row, now, cells) => {
    const texts = [doneText(row, now), shortDone(row, now)];
    return texts.find((text) => cellsOf(shownText(text)) <= cells) ?? row.done;
  },
};

/** What `shortDone` needs beside the cells of `DONE`. */
const SHORT_DONE_CELLS = 11;

/** From left to right, and which are left out first where the terminal is narrow: the highest number. */
const OPTIONAL: readonly (readonly [column: Column, rank: number])[] = [
  [FIRST, 8],
  [LAST, 3],
  [PROBES, 1],
  [PORTS, 2],
  [KINDS, 7],
  [TOOL, 4],
  [SHAPE, 6],
];
/** The rank of the time that a block has left. */
const SHORT_DONE_RANK = 5;

/** The columns that a terminal of this many cells has room for. The last one takes what is left. */
export function columnsFor(cells: number, rows: readonly ScannerInfo[]): Column[] {
  const widest = rows.reduce((most, { source }) => Math.max(most, cellsOf(shownText(source))), 0);
  const wanted = Math.min(Math.max(widest, MIN_SOURCE_CELLS), MAX_SOURCE_CELLS);
  const source: Column = {
    heading: 'SOURCE',
    cells: Math.max(1, Math.min(wanted, cells - DONE.cells - GAP_CELLS)),
    align: 'left',
    text: (row) => row.source,
  };
  let left = cells - source.cells - GAP_CELLS - DONE.cells;
  const fits = new Set<Column>();
  for (const [column, rank] of [...OPTIONAL].sort(([, a], [, b]) => a - b)) {
    const kept = rank > SHORT_DONE_RANK ? SHORT_DONE_CELLS : 0;
    if (column.cells + GAP_CELLS > left - kept) break;
    left -= column.cells + GAP_CELLS;
    fits.add(column);
  }
  const between = OPTIONAL.map(([column]) => column).filter((column) => fits.has(column));
  return [source, ...between, { ...DONE, cells: Math.max(0, DONE.cells + left) }];
}

/** What was done, with the time that a block has left. */
function shortDone({ done, until }: ScannerInfo, now: number): string {
  return until === null ? done : `${done} ${formatDuration(Math.max(0, until - now))}`;
}

/** A number in eight cells. */
function count(value: number): string {
  return value < 100_000_000 ? String(value) : `${Math.floor(value / 1e6)}M`;
}
