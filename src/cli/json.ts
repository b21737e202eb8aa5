import { isoTime } from '../record/times.ts';

/** The fields of the daemon's answers that are times. The control protocol has them in ms since the epoch. */
const TIMES: ReadonlySet<string> = new Set([
  'time',
  'startedAt',
  'firstSeen',
  'lastSeen',
  'since',
  'until',
  'endedAt',
  'loadedAt',
  'lastSent',
]);

/** One line of JSON for --json, with each time as ISO 8601 text. */
export function jsonLine(answer: unknown): string {
  const withText = (key: string, value: unknown) =>
    typeof value === 'number' && TIMES.has(key) ? isoTime(value) : value;
  return `${JSON.stringify(answer, withText)}\n`;
}
