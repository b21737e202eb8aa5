/**
 * Times as text. People read local time to the minute, programs read ISO 8601 with the zone in JSON, and the files of
 * 1.x and 2.x have their own forms in local time. `time` is in ms since the epoch; fractions are cut off.
 */

/** The end of the year 9999: what is later has no such text. */
const LAST_TIME_MS = 253_402_300_799_999;

/** A time for people: `2026-11-22 13:33`. */
export function formatTime(time: number): string {
  const date = new Date(time);
  return `${dayOf(date)} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** A time for people who compare it with other logs: `2026-11-22 13:33:37`. */
export function formatSecond(time: number): string {
  const date = new Date(time);
  return `${dayOf(date)} ${clock(date)}`;
}

/** The end of a block for people: `until 2026-11-22 13:33`, or `for ever`. */
export function formatUntil(until: number | null): string {
  return until === null ? 'for ever' : `until ${formatTime(until)}`;
}

/** A time for people who compare it with a capture: `2026-11-22 13:33:37.513`. */
export function formatMillisecond(time: number): string {
  const date = new Date(time);
  return `${dayOf(date)} ${clock(date)}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/** The date for people: `2026-11-22`. */
export function dayText(time: number): string {
  return dayOf(new Date(time));
}

/** The time of the day for people: `13:33:37`. */
export function timeOfDayText(time: number): string {
  return clock(new Date(time));
}

/** A time in JSON: `2026-11-22T13:33:37.513Z`. */
export function isoTime(time: number): string {
  return new Date(Math.min(time, LAST_TIME_MS)).toISOString();
}

/** `1795354417 - 11/22/2026 13:33:37`, the beginning of a 1.x history line. */
export function time1(time: number): string {
  const date = new Date(time);
  const day = `${two(date.getMonth() + 1)}/${two(date.getDate())}/${date.getFullYear()}`;
  return `${Math.floor(time / 1000)} - ${day} ${clock(date)}`;
}

/** `2026-11-22T13:35:37.513+0000`, the beginning of a 2.x history line. */
export function time2(time: number): string {
  const date = new Date(time);
  const fraction = String(date.getMilliseconds()).padStart(3, '0');
  return `${dayOf(date)}T${clock(date)}.${fraction}${offset(-date.getTimezoneOffset())}`;
}

function dayOf(date: Date): string {
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

function clock(date: Date): string {
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** Minutes east of Greenwich, as RFC 822 writes them. */
function offset(minutes: number): string {
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}${two(size % 60)}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
