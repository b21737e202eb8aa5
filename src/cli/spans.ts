const SECOND = 1_000;
const UNITS = [
  ['d', 86_400 * SECOND],
  ['h', 3_600 * SECOND],
  ['min', 60 * SECOND],
  ['s', SECOND],
] as const;

/** How long `ms` is, in its two largest units: `3 h 12 min`, `45 s`. */
export function tellSpan(ms: number): string {
  const first = UNITS.findIndex(([, length]) => ms >= length);
  if (first < 0) return '0 s';
  let rest = ms;
  const parts = UNITS.slice(first, first + 2).map(([name, length]) => {
    const count = Math.floor(rest / length);
    rest -= count * length;
    return count === 0 ? '' : `${count} ${name}`;
  });
  return parts.filter((part) => part !== '').join(' ');
}

/** A moment (ms since the epoch) in local time: `2026-11-22 13:33`. */
export function tellMoment(time: number): string {
  const date = new Date(time);
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()].map(two).join('-');
  return `${day} ${[date.getHours(), date.getMinutes()].map(two).join(':')}`;
}

/** When something ends that ends at `until` (ms since the epoch; null for never): `in 3 h 12 min`. */
export function tellEnd(until: number | null, now: number): string {
  if (until === null) return 'never';
  return until <= now ? 'now' : `in ${tellSpan(until - now)}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
