import { duration } from '../config/values.ts';
import { CommandError, Exit } from '../preflight/exit.ts';
import { dayText } from '../record/times.ts';
import type { Span } from '../report/read-events.ts';

const MOMENT = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)(Z|[+-]\d\d:?\d\d)?)?$/;

const TIME_OF_DAY = /^\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?$/;

/** Whether the text is a time without a date. */
export function isTimeOfDay(text: string): boolean {
  return TIME_OF_DAY.test(text);
}

/** A duration begins with a number and has letters, so that `2026` is none. */
const AGO = /^\d+[a-z]/i;

/**
 * A local time, or one with its zone, in ms since the epoch. A date alone is its first moment, and a time alone is on the
 * day of `reference` (ms since the epoch). Throws usage error 64.
 */
export function readMoment(text: string, option: string, reference: number): number {
  const moment = momentOf(text, reference);
  if (moment !== null) return moment;
  throw usage(
    `${option}: expected a time such as 2026-11-22, "2026-11-22 13:33:37" or 13:33, found "${text}"`,
  );
}

/**
 * The span between --since and --until. Each is a time as above, or how long ago it was before `now`, such as 90s, 1h30m
 * or 7d. Throws usage error 64.
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
  if (moment !== null) return moment;
  throw usage(
    `${option}: expected a time such as 2026-11-22, "2026-11-22 13:33:37", 13:33 or 1h (an hour ago), found "${text}"`,
  );
}

function momentOf(text: string, reference: number): number | null {
  const whole = isTimeOfDay(text) ? `${dayText(reference)} ${text}` : text;
  const [, day, time = '00:00', zone = ''] = MOMENT.exec(whole) ?? [];
  const moment = day === undefined ? Number.NaN : Date.parse(`${day}T${time}${zone}`);
  return Number.isNaN(moment) ? null : moment;
}

function usage(message: string): CommandError {
  return new CommandError(Exit.usage, message);
}
