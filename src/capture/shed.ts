import { readFileSync } from 'node:fs';

/** Bit of CAP_NET_RAW in the kernel's capability sets (linux/capability.h). */
const NET_RAW = 1n << 13n;

/**
 * What the capture process is started through. One that is started by root gives up everything by itself; of another
 * user it would keep all that its parent was given (ambient capabilities), and Node has no call to drop them.
 */
export function shedding(status = readFileSync('/proc/self/status', 'utf8')): string[] {
  const ambient = BigInt(`0x${/^CapAmb:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  if ((ambient & ~NET_RAW) === 0n) return [];
  const caps = '-all,+net_raw';
  return ['setpriv', `--inh-caps=${caps}`, `--ambient-caps=${caps}`, '--no-new-privs'];
}
