const DAY_MS = 86_400_000;
/** A hundred years: nft counts seconds in 32 bits. */
const MAX_TIMEOUT_MS = 100 * 365 * DAY_MS;

/**
 * The time-out of an element, as in ` timeout 0d12s500ms`; nothing for null, which is no end. `until` and `now` are ms since
 * the epoch. nft accepts no number of more than eight digits, so days are separate.
 */
export function timeoutText(until: number | null, now: number): string {
  if (until === null) return '';
  const leftMs = Math.ceil(Math.min(Math.max(until - now, 1), MAX_TIMEOUT_MS));
  const days = Math.floor(leftMs / DAY_MS);
  const seconds = Math.floor((leftMs % DAY_MS) / 1000);
  return ` timeout ${days}d${seconds}s${leftMs % 1000}ms`;
}
