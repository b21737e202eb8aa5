import { oneLine } from '../record/one-line.ts';

/** Characters without a picture: they hide text or turn its direction (bidi), or are half a character. */
const UNSEEN = /[\p{Cf}\p{Cs}\p{Co}\p{Cn}]/gu;

/** Marks that join the character before them. Any number may be heaped up. */
const MARKS = /[\p{Mn}\p{Me}]/gu;

/** Characters that take two cells (East Asian Width W and F), in ranges that also hold rarer ones. */
const WIDE =
  /[\u1100-\u115f\u231a\u231b\u2329\u232a\u23e9-\u23f3\u25fd\u25fe\u2614\u2615\u2648-\u2653\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{1b2ff}\u{1f000}-\u{1faff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;

/** The text as a terminal may have it: one line, without control, format or heaped characters. */
export function shownText(text: string): string {
  // Letters with a mark that exist as one character keep it.
  return oneLine(text).normalize('NFC').replace(MARKS, '').replace(UNSEEN, '?');
}

/** The cells that a shown text takes on a terminal. */
export function cellsOf(text: string): number {
  let cells = 0;
  for (const character of text) cells += WIDE.test(character) ? 2 : 1;
  return cells;
}

/** The shown text in exactly this many cells: cut, or filled with blanks after it, or before it where it is a number. */
export function inCells(text: string, cells: number, align: 'left' | 'right' = 'left'): string {
  const cut = clip(shownText(text), cells);
  const blanks = ' '.repeat(Math.max(0, cells - cellsOf(cut)));
  return align === 'left' ? cut + blanks : blanks + cut;
}

/** Lines of at most this many cells, broken between words where that is possible. The indent of the text is kept. */
export function wrap(text: string, cells: number): string[] {
  const lines: string[] = [];
  let rest = shownText(text).trimEnd();
  while (cellsOf(rest) > cells) {
    const [character = ''] = rest;
    const piece = clip(rest, cells) || character;
    const blank = rest[piece.length] === ' ' ? piece.length : piece.lastIndexOf(' ');
    const end = blank > piece.search(/\S/) ? blank : piece.length;
    lines.push(rest.slice(0, end).trimEnd());
    rest = rest.slice(end).trimStart();
  }
  if (rest !== '' || lines.length === 0) lines.push(rest);
  return lines;
}

/** The start of a shown text: as many whole characters as fit into the cells. */
export function clip(text: string, cells: number): string {
  if (text.length <= cells / 2) return text;
  let used = 0;
  let end = 0;
  for (const character of text) {
    used += WIDE.test(character) ? 2 : 1;
    if (used > cells) return text.slice(0, end);
    end += character.length;
  }
  return text;
}
