import { duration } from '../config/values.ts';
import { CommandError, Exit } from '../preflight/exit.ts';
import { dayText, isoTime } from '../record/times.ts';
import type { Span } from '../report/read-events.ts';

const CLOCK = '(?:[01]\\d|2[0-3]):[0-5]\\d(?::[0-5]\\d(?:\\.\\d{1,9})?)?';

const MOMENT = new RegExp(`^(\\d{4}-\\d\\d-\\d\\d)(?:[T ](${CLOCK})(Z|[+-]\\d\\d:?\\d\\d)?)?$`);

const TIME_OF_DAY = new RegExp(`^${CLOCK}$`);

/** Seconds since the epoch, in so many digits that no date is one. */
const EPOCH = /^(\d{9,11})(?:\.(\d{1,9}))?$/;

/** Whether the text is a time without a date. */
export function isTimeOfDay(text: string): boolean {
  return TIME_OF_DAY.test(text);
}

/** A duration begins with a number and has letters, so that `2026` is none. */
const AGO = /^\d+[a-z]/i;

/**
 * A local time, one with its zone, or seconds since the epoch; in ms since the epoch, with a fraction as fine as that of the
 * text. A date alone is its first moment, and a time alone is on the day of `reference` (ms since the epoch). A time before
 * the epoch is 0. Throws usage error 64.
 */
export function readMoment(text: string, option: string, reference: number): number {
  const moment = momentOf(text, reference);
  if (moment !== null) return moment;
  throw usage(
    `${option}: expected a time such as 2026-11-22, "2026-11-22 13:33:37.25", 13:33 or 1795354417 (seconds since 1970), found "${text}"`,
  );
}

/**
 * The span between --since and --until. Each is a time as above, or how long ago it was before `now`, such as 90s, 1h30m
 * or 7d; in whole ms. Throws usage error 64.
 */
export function readSpan(options: SpanOptions, now: number): Span {
  const since = options.since === undefined ? null : readTime(options.since, '--since', now);
  const until = options.until === undefined ? null : readTime(options.until, '--until', now);
  if (since !== null && until !== null && until <= since)
    throw usage(`--until: expected a time after --since ${options.since}, found "${options.until}"`);
  return { since, until };
}

/** The options --since and --until as they were given. */
export interface SpanOptions {
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

function readTime(text: string, option: string, now: number): number {
  const ago = AGO.test(text) ? duration({ forEver: false }).parse(text) : null;
  const moment = ago?.ok === true ? now - ago.value : momentOf(text, now);
  if (moment !== null) return Math.floor(Math.max(0, moment));
  throw usage(
    `${option}: expected a time such as 2026-11-22, "2026-11-22 13:33:37.25", 13:33, 1795354417 (seconds since 1970) or 1h (an hour ago), found "${text}"`,
  );
}

function momentOf(text: string, reference: number): number | null {
  const [, seconds, fraction] = EPOCH.exec(text) ?? [];
  if (seconds !== undefined) return Number(seconds) * 1_000 + fractionMs(fraction);
  const whole = isTimeOfDay(text) ? `${dayText(reference)} ${text}` : text;
  const [, day, time = '00:00', zone = ''] = MOMENT.exec(whole) ?? [];
  if (day === undefined || !isDay(day)) return null;
  const [clock, fine] = time.split('.');
  const moment = Date.parse(`${day}T${clock}${zone}`) + fractionMs(fine);
  return Number.isNaN(moment) ? null : Math.max(0, moment);
}

/** Whether the calendar has this day: a parser may take 30 February for 2 March. */
function isDay(day: string): boolean {
  const begin = Date.parse(`${day}T00:00Z`);
  return !Number.isNaN(begin) && isoTime(begin).startsWith(day);
}

function fractionMs(digits = ''): number {
  return Number(digits.padEnd(9, '0')) / 1e6;
}

function usage(message: string): CommandError {
  return new CommandError(Exit.usage, message);
}
