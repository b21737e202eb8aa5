import { CAP_NET_RAW, capabilitySet } from '../capture/capabilities.ts';

/**
 * What the capture process is started through. One that is started by root gives up everything by itself; of another
 * user it would keep all that its parent was given (ambient capabilities), and Node has no call to drop them.
 */
export function shedding(status?: string): string[] {
  if ((capabilitySet('CapAmb', status) & ~(1n << CAP_NET_RAW)) === 0n) return [];
  const caps = '-all,+net_raw';
  return ['setpriv', `--inh-caps=${caps}`, `--ambient-caps=${caps}`, '--no-new-privs'];
}
