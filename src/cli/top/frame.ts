import type { ScannerInfo } from '../../control/scanners.ts';
import { cellsOf, inCells, wrap } from '../terminal-text.ts';
import { type Column, columnsFor, GAP_CELLS } from './columns.ts';
import { HINT } from './help.ts';
import { type Fact, headerLines, listHeight } from './layout.ts';
import { pictureOf, rowsOf, type TopState } from './state.ts';

/** How a part of a line stands out. */
export type Style = 'bold' | 'inverse' | 'red' | 'green' | 'yellow';

/** Makes a text stand out; where there is no colour, it gives the text back. */
export type Paint = (style: Style, text: string) => string;

/** The row under the cursor is marked by this too, because there may be no colours. */
const CURSOR = '>';

/** The picture of a state: as many lines as the terminal has rows, each exactly as many cells wide as it has columns. */
export function frame(state: TopState, paint: Paint): string[] {
  const { columns, rows } = state.size;
  const lines = state.pane.kind === 'text' ? textLines(state, state.pane, paint) : listLines(state, paint);
  const blank = ' '.repeat(columns);
  // On a terminal of very few rows, the last line has the question.
  const body = lines.slice(0, Math.max(0, rows - 1));
  while (body.length < rows - 1) body.push(blank);
  return [...body, footer(state, paint)].slice(-rows);
}

function listLines(state: TopState, paint: Paint): string[] {
  const { columns } = state.size;
  const found = rowsOf(state);
  const shown = found.slice(state.offset, state.offset + listHeight(state));
  const layout = columnsFor(columns - CURSOR.length, shown);
  const headings = ` ${layout.map(({ heading, cells, align }) => inCells(heading, cells, align)).join(gap())}`;
  const now = pictureOf(state)?.header.time ?? 0;
  const empty = state.filter === '' ? 'Nobody has probed a port yet.' : 'No source has this text.';
  return [
    ...headerLines(state).map((facts) => headerLine(facts, columns, paint)),
    paint('inverse', inCells(headings, columns)),
    ...(shown.length === 0 ? [inCells(` ${empty}`, columns)] : []),
    ...shown.map((row) =>
      rowLine(row, layout, { now, columns, isSelected: row.source === state.selected }, paint),
    ),
  ];
}

function headerLine(facts: readonly Fact[], columns: number, paint: Paint): string {
  let left = columns;
  let line = '';
  for (const { text, isBad } of facts) {
    if (line !== '') {
      line += gap();
      left -= GAP_CELLS;
    }
    const cells = Math.min(cellsOf(text), left);
    const shown = inCells(text, cells);
    line += isBad ? paint('red', shown) : shown;
    left -= cells;
  }
  return line + ' '.repeat(left);
}

interface RowPlace {
  readonly now: number;
  readonly columns: number;
  readonly isSelected: boolean;
}

function rowLine(
  row: ScannerInfo,
  layout: readonly Column[],
  { now, columns, isSelected }: RowPlace,
  paint: Paint,
): string {
  const cells = layout
    .map(({ cells, align, text }) => inCells(text(row, now, cells), cells, align))
    .join(gap());
  const line = inCells(`${isSelected ? CURSOR : ' '}${cells}`, columns);
  if (isSelected) return paint('inverse', line);
  const style = STYLES[row.done];
  return style === undefined ? line : paint(style, line);
}

const STYLES: Readonly<Partial<Record<ScannerInfo['done'], Style>>> = {
  blocked: 'green',
  'not in force': 'red',
  failed: 'red',
  logged: 'yellow',
};

function textLines(
  { size: { columns, rows } }: TopState,
  { title, lines, offset }: Extract<TopState['pane'], { kind: 'text' }>,
  paint: Paint,
): string[] {
  const wrapped = lines.slice(offset, offset + rows).flatMap((line) => wrap(line, columns));
  return [paint('inverse', inCells(title, columns)), ...wrapped.map((line) => inCells(line, columns))];
}

function footer(state: TopState, paint: Paint): string {
  const { columns } = state.size;
  switch (state.pane.kind) {
    case 'filter':
      return paint('bold', inCells(`/${state.filter}_`, columns));
    case 'question': {
      const { what, target } = state.pane.order;
      return paint('inverse', inCells(`${what === 'block' ? 'Block' : 'Unblock'} ${target}? y/n`, columns));
    }
    case 'text':
      return paint('bold', inCells('any key goes back; up, down scroll', columns));
    case 'list':
      return paint('bold', inCells(state.message || state.lost || HINT, columns));
  }
}

function gap(): string {
  return ' '.repeat(GAP_CELLS);
}
