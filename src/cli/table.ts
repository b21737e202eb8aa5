import { oneLine } from '../record/one-line.ts';
import type { Paint, Style } from './colour.ts';

const GAP = '  ';

/** The style of a cell; null for none. `text` is the cell, `name` its heading or the name of its fact. */
export type StyleOf = (text: string, name: string) => Style | null;

/** What gives a table its colours. */
export interface Colours {
  readonly paint: Paint;
  readonly styleOf: StyleOf;
}

/** A table for people: each column is as wide as its widest cell. */
export function renderTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  colours?: Colours,
): string {
  return renderRows([headings, ...rows.map((row) => row.map(oneLine))], '', (text, row, column) => {
    if (colours === undefined) return text;
    const style = row === 0 ? 'bold' : colours.styleOf(text.trimEnd(), headings[column] ?? '');
    return style === null ? text : colours.paint(style, text);
  });
}

/** Names with their values, indented. A value may have several lines, one below the other. */
export function renderFacts(
  facts: readonly (readonly [name: string, ...lines: string[]])[],
  colours?: Colours,
): string {
  const names = facts.flatMap(([name, ...lines]) => lines.map(() => name));
  const rows = facts.flatMap(([name, ...lines]) =>
    lines.map((line, index) => [index === 0 ? name : '', oneLine(line)]),
  );
  return renderRows(rows, GAP, (text, row, column) => {
    const style = column === 0 ? null : (colours?.styleOf(text, names[row] ?? '') ?? null);
    return style === null || colours === undefined ? text : colours.paint(style, text);
  });
}

/**
 * Lines of aligned columns. The last cell of a row is not padded. Cells are written as they are, after `paint` got each with
 * its padding.
 */
export function renderRows(
  rows: readonly (readonly string[])[],
  indent = '',
  paint: (text: string, row: number, column: number) => string = (text) => text,
): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, { length }] of row.entries())
      if (length > (widths[column] ?? 0)) widths[column] = length;
  }
  const renderRow = (row: readonly string[], index: number) =>
    row.map((cell, column) =>
      paint(column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0), index, column),
    );
  return rows.map((row, index) => `${indent}${renderRow(row, index).join(GAP).trimEnd()}\n`).join('');
}
