/** A longer line tells nobody more: what was longer here was a command or its output. */
const MAX_LINE_LENGTH = 2_000;

/** C0, DEL, C1 and the two Unicode ends of a line: what moves a cursor or forges a second line. */
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

/** The text as one line of bounded length, in which control characters are question marks. */
export function oneLine(text: string): string {
  const cut = text.length > MAX_LINE_LENGTH ? `${text.slice(0, MAX_LINE_LENGTH)}...` : text;
  return cut.replace(CONTROL, '?');
}
