const FIRST_PAUSE_MS = 1_000;
/** A block that cannot work (a missing program) costs one command per minute and source, whatever it sends. */
const LONGEST_PAUSE_MS = 60_000;

/**
 * Whether to retry the block of a source that failed `failures` times, the last time at `lastFailure` (ms). The first
 * retry comes at once, because most failures are brief (another iptables holds a lock). Later ones come after 1 s,
 * 2 s, 4 s and so on up to 60 s. Where a clock of packets went back, as between captures, none is delayed.
 */
export function mayTryAgain(failures: number, lastFailure: number, now: number): boolean {
  const passed = now - lastFailure;
  return passed < 0 || passed >= pauseAfter(failures);
}

function pauseAfter(failures: number): number {
  return failures < 2 ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** (failures - 2), LONGEST_PAUSE_MS);
}
