import { capabilityMask, capabilitySet } from '../capture/capabilities.ts';

/**
 * The command that starts the sensor with CAP_NET_RAW alone; empty where it is not needed. A sensor started by root
 * gives up everything by itself. One started by another user would keep the ambient capabilities of its parent, and
 * Node has no call to drop them. `status` is the text of /proc/self/status.
 */
export function dropCapabilities(status?: string): string[] {
  if ((capabilitySet('CapAmb', status) & ~capabilityMask('CAP_NET_RAW')) === 0n) return [];
  const caps = '-all,+net_raw';
  return ['setpriv', `--inh-caps=${caps}`, `--ambient-caps=${caps}`, '--no-new-privs'];
}
