import { cellsOf } from '../../src/cli/terminal-text.ts';
import type { Style } from '../../src/cli/top/frame.ts';
import type { Size } from '../../src/cli/top/state.ts';

/** A cell of the terminal, in units of the picture. */
const CELL_WIDTH = 8;
const CELL_HEIGHT = 18;
const MARGIN = 10;
const BASELINE = 13;

const BACKGROUND = '#14181d';
const TEXT = '#d7dce2';
const COLOURS: Readonly<Record<Exclude<Style, 'bold' | 'inverse'>, string>> = {
  red: '#ff7b72',
  green: '#7ee787',
  yellow: '#e3b341',
};

/** What a picture is for those who do not see it. */
export interface PictureText {
  readonly title: string;
  readonly description: string;
}

/** Marks a part of a line for `terminalPicture`. */
export function styled(style: Style, text: string): string {
  return `\u0001${style}\u0002${text}\u0003`;
}

/** The lines of a terminal as SVG; it is dark in both themes, as a terminal is. */
export function terminalPicture(
  { columns, rows }: Size,
  lines: readonly string[],
  { title, description }: PictureText,
): string {
  const width = columns * CELL_WIDTH + 2 * MARGIN;
  const height = rows * CELL_HEIGHT + 2 * MARGIN;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title desc">
<title id="title">${title}</title>
<desc id="desc">${description}</desc>
<rect width="100%" height="100%" rx="6" fill="${BACKGROUND}"/>
<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="13">
${lines.map(lineOf).join('')}</g>
</svg>
`;
}

/** A line in parts: text, or a style and its text. */
const PARTS = /\u0001(\w+)\u0002([^\u0003]*)\u0003|([^\u0001]+)/g;

function lineOf(line: string, row: number): string {
  let column = 0;
  let elements = '';
  for (const [, style, styled, plain] of line.matchAll(PARTS)) {
    const text = styled ?? plain ?? '';
    elements += partOf(text, column, row, style as Style | undefined);
    column += cellsOf(text);
  }
  return elements;
}

function partOf(text: string, column: number, row: number, style: Style | undefined): string {
  const left = MARGIN + column * CELL_WIDTH;
  const top = MARGIN + row * CELL_HEIGHT;
  const width = cellsOf(text) * CELL_WIDTH;
  const isInverse = style === 'inverse';
  const back = isInverse
    ? `<rect x="${left}" y="${top}" width="${width}" height="${CELL_HEIGHT}" fill="${TEXT}"/>\n`
    : '';
  const colour = isInverse ? BACKGROUND : style === undefined || style === 'bold' ? TEXT : COLOURS[style];
  const bold = style === 'bold' ? ' font-weight="bold"' : '';
  // Viewers join blanks, so that each word stands at a place of its own.
  const words = [...text.matchAll(/\S+/g)].map(({ 0: word, index }) => {
    const x = left + cellsOf(text.slice(0, index)) * CELL_WIDTH;
    const place = `x="${x}" y="${top + BASELINE}" textLength="${cellsOf(word) * CELL_WIDTH}" lengthAdjust="spacingAndGlyphs"`;
    return `<text ${place} fill="${colour}"${bold}>${escaped(word)}</text>\n`;
  });
  return back + words.join('');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
