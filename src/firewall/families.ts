import { existsSync } from 'node:fs';

/** The kernel has this file if it has IPv6. */
const IPV6_INTERFACES = '/proc/net/if_inet6';

/** The version of IP. */
export type Family = 4 | 6;

/** The families of this kernel. On one without IPv6, ip6tables fails and no IPv6 source can reach us. */
export function familiesHere(): readonly Family[] {
  return existsSync(IPV6_INTERFACES) ? [4, 6] : [4];
}
