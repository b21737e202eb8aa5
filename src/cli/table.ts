import { oneLine } from '../record/one-line.ts';

const GAP = '  ';

/** A table for people: columns as wide as their widest cell, the last one as long as it is. */
export function renderTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const table = [headings, ...rows].map((row) => row.map(oneLine));
  const widths = headings.map((_, column) => widest(table.map((row) => row[column] ?? '')));
  return table.map((row) => renderRow(row, widths)).join('');
}

/** Names and what there is to say of each: a line, or several below each other. */
export function renderFacts(facts: readonly (readonly [name: string, ...lines: string[]])[]): string {
  const width = widest(facts.map(([name]) => name));
  return facts
    .flatMap(([name, ...lines]) => lines.map((line, index) => [index === 0 ? name : '', oneLine(line)]))
    .map((row) => `${GAP}${renderRow(row, [width, 0])}`)
    .join('');
}

function renderRow(row: readonly string[], widths: readonly number[]): string {
  const cells = row.map((cell, column) =>
    column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0),
  );
  return `${cells.join(GAP).trimEnd()}\n`;
}

/** Not Math.max(...): a list may have more rows than a call takes arguments. */
function widest(cells: readonly string[]): number {
  return cells.reduce((width, cell) => Math.max(width, cell.length), 0);
}
