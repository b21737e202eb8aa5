import { formatSecond } from '../../record/times.ts';
import type { Paint, Style } from '../colour.ts';

/** One line of the log. */
export interface LogLine {
  /** ms since the epoch. */
  readonly time: number;
  readonly text: string;
}

/** What to read of a log. */
export interface LogQuery {
  /** The last lines, this many at most. */
  readonly lines: number;
  /** ms since the epoch; null for any time. */
  readonly since: number | null;
  /** Whether to go on with new lines until `signal` is aborted. */
  readonly follow: boolean;
  readonly signal: AbortSignal;
}

/** Where lines of the log may be. */
export interface LogPlace {
  /** As in a message: `the journal`, `/var/log/syslog`. */
  readonly name: string;
  /** It has only a part of the lines. */
  readonly isPartial: boolean;
  /** The lines, oldest first. Throws a system error, or one that says what is wrong in one line. */
  read(query: LogQuery): AsyncGenerator<LogLine>;
}

/** More of a line helps nobody. */
const MAX_CHARS = 2_000;

/** Control and format characters, among them those that turn the direction of writing; half characters; line ends. */
const UNPRINTABLE = /[\p{C}\u2028\u2029]/gu;

/** A line for a terminal, with the local time. It is one line of printable text, also if somebody else wrote it. */
export function renderLine({ time, text }: LogLine, paint: Paint): string {
  const clean = text.slice(0, MAX_CHARS).replace(UNPRINTABLE, '?');
  const style = styleOf(clean);
  return `${paint('dim', formatSecond(time))} ${style === null ? clean : paint(style, clean)}\n`;
}

/** Red is for what did not work, yellow for sources that scanned. */
function styleOf(text: string): Style | null {
  if (/^(attackalert|adminalert): ERROR\b/.test(text)) return 'red';
  return text.startsWith('attackalert: ') ? 'yellow' : null;
}
