const [seconds = 0, nanoseconds = 0] = process.hrtime();
const originMs = seconds * 1_000 + nanoseconds / 1_000_000 - performance.now();

/**
 * CLOCK_MONOTONIC in ms, which is the same in every process. It never steps, and stands still while the host is suspended
 * (clock_gettime(2)).
 */
export function monotonicMs(): number {
  return originMs + performance.now();
}
