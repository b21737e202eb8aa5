import { dayText, timeOfDayText } from '../../record/times.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

const STEPS_MS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((count) => count * SECOND_MS),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE_MS),
  ...[1, 2, 3, 6, 12].map((count) => count * HOUR_MS),
  ...[1, 2, 7, 14, 28, 91, 182, 364].map((count) => count * DAY_MS),
] as const;

/** Ticks of a time axis, at most. */
const MAX_TICKS = 9;

/** A time that is written below an axis. */
export interface Tick {
  readonly time: number;
  readonly text: string;
}

/** Round local times between two times, in ms since the epoch. */
export function timeTicks(first: number, last: number): Tick[] {
  const span = Math.max(1, last - first);
  let step: number = STEPS_MS.find((each) => span / each <= MAX_TICKS) ?? STEPS_MS[0];
  if (span / step > MAX_TICKS) step = Math.ceil(span / MAX_TICKS / (364 * DAY_MS)) * 364 * DAY_MS;
  // Ticks of days begin at a local midnight, and shorter ones at a round time of that day.
  const midnight = new Date(first).setHours(0, 0, 0, 0);
  const ticks: Tick[] = [];
  for (let count = Math.ceil((first - midnight) / step); midnight + count * step <= last; count++) {
    const time = timeOf(midnight, count * step, step);
    if (time >= first && time <= last) ticks.push({ time, text: textOf(time, step) });
  }
  return ticks;
}

/** A day has 23 or 25 hours when summer time begins or ends. */
function timeOf(midnight: number, offset: number, step: number): number {
  if (step < DAY_MS) return midnight + offset;
  const date = new Date(midnight);
  date.setDate(date.getDate() + Math.round(offset / DAY_MS));
  return date.getTime();
}

function textOf(time: number, step: number): string {
  if (step >= DAY_MS) return dayText(time);
  const clock = timeOfDayText(time);
  if (step < SECOND_MS) return `${clock}.${String(Math.floor(time % 1_000)).padStart(3, '0')}`;
  if (step < MINUTE_MS) return clock;
  return clock === '00:00:00' ? dayText(time) : clock.slice(0, 5);
}
