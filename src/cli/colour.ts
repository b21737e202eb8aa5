/** How a text looks on a terminal. */
export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow';

/** Gives a text that is printed a style. The text must be printable: style it last, after its width was measured. */
export type Paint = (style: Style, text: string) => string;

/** Leaves every text as it is: for files, pipes, tests and people who want no colour. */
export const PLAIN: Paint = (_style, text) => text;

/** Select Graphic Rendition (ECMA-48): how each style begins and ends. */
const CODES: Readonly<Record<Style, readonly [on: number, off: number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
};

const COLOURED: Paint = (style, text) => {
  const [on, off] = CODES[style];
  return text === '' ? '' : `\u001b[${on}m${text}\u001b[${off}m`;
};

/** Colours go to a terminal only, and not with NO_COLOR (no-color.org: any text but an empty one) or TERM=dumb. */
export function paintFor(
  { isTTY = false }: { readonly isTTY?: boolean },
  { NO_COLOR = '', TERM = '' }: Readonly<Record<string, string | undefined>>,
): Paint {
  return isTTY && NO_COLOR === '' && TERM !== 'dumb' && TERM !== '' ? COLOURED : PLAIN;
}
