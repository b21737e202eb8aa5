/** Only a command or its output is longer, and its end helps no reader. */
const MAX_LINE_CHARS = 2_000;

/** C0, DEL, C1 and the two Unicode line ends. They move a cursor or forge a second line. */
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

/** The text as one line of bounded length, with question marks for control characters. */
export function oneLine(text: string): string {
  const cut = text.length > MAX_LINE_CHARS ? `${text.slice(0, MAX_LINE_CHARS)}...` : text;
  return cut.replace(CONTROL, '?');
}
