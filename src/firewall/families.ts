import { existsSync } from 'node:fs';

/** There as long as the kernel speaks IPv6. */
const IPV6_INTERFACES = '/proc/net/if_inet6';

export type Family = 4 | 6;

/** What the kernel speaks: on one without IPv6 ip6tables fails, and nobody can come that way. */
export function familiesHere(): readonly Family[] {
  return existsSync(IPV6_INTERFACES) ? [4, 6] : [4];
}
