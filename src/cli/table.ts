import { oneLine } from '../record/one-line.ts';

const GAP = '  ';

/** A table for people: each column is as wide as its widest cell. */
export function renderTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  return renderRows([headings, ...rows.map((row) => row.map(oneLine))]);
}

/** Names with their values, indented. A value may have several lines, one below the other. */
export function renderFacts(facts: readonly (readonly [name: string, ...lines: string[]])[]): string {
  const rows = facts.flatMap(([name, ...lines]) =>
    lines.map((line, index) => [index === 0 ? name : '', oneLine(line)]),
  );
  return renderRows(rows, GAP);
}

/** Lines of aligned columns. The last cell of a row is not padded. Cells are written as they are. */
export function renderRows(rows: readonly (readonly string[])[], indent = ''): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, { length }] of row.entries())
      if (length > (widths[column] ?? 0)) widths[column] = length;
  }
  const renderRow = (row: readonly string[]) =>
    row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)));
  return rows.map((row) => `${indent}${renderRow(row).join(GAP).trimEnd()}\n`).join('');
}
