/** What keeps a sensor that was taken over from doing harm, as bits. A sensor reports those that it lacks. */
export const Lack = {
  noNewPrivileges: 0x01,
  emptyBoundingSet: 0x02,
  noCapabilities: 0x04,
  limits: 0x08,
  lockedFilters: 0x10,
  systemCallFilter: 0x20,
} as const;

const NAMES: readonly (readonly [number, string])[] = [
  [Lack.noNewPrivileges, 'no new privileges (setpriv)'],
  [Lack.emptyBoundingSet, 'an empty bounding set (CAP_SETPCAP)'],
  [Lack.noCapabilities, 'no capabilities (USER keeps CAP_NET_RAW)'],
  [Lack.limits, 'limits (prlimit)'],
  [Lack.lockedFilters, 'locked packet filters (perl)'],
  [Lack.systemCallFilter, 'a system call filter (enosys, systemd)'],
];

/** The names of the bits of a mask, each with what would give it. */
export function namesOfLacks(lacks: number): string[] {
  return NAMES.flatMap(([bit, name]) => ((lacks & bit) === 0 ? [] : [name]));
}
