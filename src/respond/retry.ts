const FIRST_PAUSE = 1_000;
/** A block that cannot work (a missing program) costs a command a minute and source, whatever its scanner sends. */
const LONGEST_PAUSE = 60_000;

/**
 * Whether a source whose block failed `failures` times, last at `lastFailure` (ms), may be tried again now. At
 * once the first time, for most failures are a moment's (a lock held by another iptables); then after 1 s, 2 s,
 * 4 s ... 60 s. A clock that was set back makes nobody wait.
 */
export function mayTryAgain(failures: number, lastFailure: number, now: number): boolean {
  const passed = now - lastFailure;
  return passed < 0 || passed >= pauseAfter(failures);
}

function pauseAfter(failures: number): number {
  return failures < 2 ? 0 : Math.min(FIRST_PAUSE * 2 ** (failures - 2), LONGEST_PAUSE);
}
