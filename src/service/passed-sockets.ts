/** The first descriptor that systemd passes (sd_listen_fds(3)). */
const FIRST = 3;

/** More would be a mistake. */
const MAX_PASSED = 8;

/** Names the number of sockets that the parent of a USER daemon hands on, whose process ID is not known before its start. */
const HANDED_ON = 'PORTSENTRY_LISTEN_FDS';

/**
 * The descriptors of sockets that the service manager has opened for this process. Removes what says so from `env`, so
 * that no command takes them for its own.
 */
export function takePassedSockets(env: NodeJS.ProcessEnv, pid: number): number[] {
  const { LISTEN_PID, LISTEN_FDS, [HANDED_ON]: handedOn } = env;
  for (const name of ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES', HANDED_ON]) delete env[name];
  const count = Number(handedOn ?? (LISTEN_PID === String(pid) ? LISTEN_FDS : 0));
  if (!Number.isInteger(count) || count < 1) return [];
  return Array.from({ length: Math.min(count, MAX_PASSED) }, (_, index) => FIRST + index);
}

/** How a child gets these descriptors under the same numbers: what follows its three standard ones, and its environment. */
export function handOn(passed: readonly number[]): {
  readonly stdio: readonly number[];
  readonly env: object;
} {
  return { stdio: passed, env: passed.length === 0 ? {} : { [HANDED_ON]: String(passed.length) } };
}
