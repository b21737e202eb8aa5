const SECOND_MS = 1_000;
const UNITS = [
  ['d', 86_400 * SECOND_MS],
  ['h', 3_600 * SECOND_MS],
  ['min', 60 * SECOND_MS],
  ['s', SECOND_MS],
] as const;

/** A duration in its two largest units: `3 h 12 min`, `45 s`. */
export function formatDuration(ms: number): string {
  const first = UNITS.findIndex(([, unitMs]) => ms >= unitMs);
  if (first < 0) return '0 s';
  let rest = ms;
  const parts = UNITS.slice(first, first + 2).map(([name, unitMs]) => {
    const count = Math.floor(rest / unitMs);
    rest -= count * unitMs;
    return count === 0 ? '' : `${count} ${name}`;
  });
  return parts.filter((part) => part !== '').join(' ');
}

/** How far away an end is: `in 3 h 12 min`, `now` or `never`. Times are ms since the epoch; null is no end. */
export function formatEnd(until: number | null, now: number): string {
  if (until === null) return 'never';
  return until <= now ? 'now' : `in ${formatDuration(until - now)}`;
}
