import { parseObject } from '../../control/protocol.ts';
import type { LogLine } from './line.ts';

/** Reads a line of a file; null if it is none of ours. `now` is in ms since the epoch. */
export type ParseLine = (line: string, now: number) => LogLine | null;

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** A time may lie so far ahead, as when the clock was set back, before it counts as one of last year. */
const AHEAD_MS = 86_400_000;

/** The two usual forms: `Nov  3 13:33:37` of RFC 3164, and `2026-11-03T13:33:37.123456+01:00` of RFC 5424. */
const TIME =
  /^(?:([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d)|(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d))) /;
const OURS = /^\S+ portsentry(?:\[\d{1,10}\])?: /;

/** A line of a file that a syslog daemon writes. The form without a year is of the last twelve months. */
export const parseSyslogLine: ParseLine = (line, now) => {
  const match = TIME.exec(line);
  if (match === null) return null;
  const rest = line.slice(match[0].length);
  const head = OURS.exec(rest);
  if (head === null) return null;
  const time = timeOf(match, now);
  // rsyslog writes a control character as #011, and an older one the line feed of a line as #012.
  return time === null ? null : { time, text: rest.slice(head[0].length) };
};

/** The time at the beginning of any line of such a file; null for a line without one. */
export function syslogTime(line: string, now: number): number | null {
  const match = TIME.exec(line);
  return match === null ? null : timeOf(match, now);
}

function timeOf([, month, day, hour, minute, second, iso]: RegExpExecArray, now: number): number | null {
  if (iso !== undefined) {
    const time = Date.parse(iso);
    return Number.isNaN(time) ? null : time;
  }
  const index = MONTHS.indexOf(month ?? '');
  if (index < 0) return null;
  const year = new Date(now).getFullYear();
  const inYear = (each: number) =>
    new Date(each, index, Number(day), Number(hour), Number(minute), Number(second)).getTime();
  const time = inYear(year);
  return time <= now + AHEAD_MS ? time : inYear(year - 1);
}

/** A line of EVENT_FILE, in either of its forms. */
export const parseEventLine: ParseLine = (line) => {
  const event = parseObject(line) ?? {};
  const alert = event.alert as { readonly signature?: unknown } | undefined;
  const time = Date.parse(String(event['@timestamp'] ?? event.timestamp));
  const text = event.message ?? alert?.signature;
  return Number.isNaN(time) || typeof text !== 'string' ? null : { time, text };
};

/** The time of an event; null for a line that is none. */
export function eventTime(line: string): number | null {
  return parseEventLine(line, 0)?.time ?? null;
}
