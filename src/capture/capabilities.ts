import { readFileSync } from 'node:fs';

/** The bit of CAP_NET_RAW in the kernel's capability sets (linux/capability.h). */
export const CAP_NET_RAW = 13n;

/** A capability set of this process, as bits: `CapEff` holds what it may do, `CapAmb` what its children keep. */
export function capabilitySet(name: 'CapEff' | 'CapAmb', status = ownStatus()): bigint {
  return BigInt(`0x${new RegExp(`^${name}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1] ?? '0'}`);
}

function ownStatus(): string {
  return readFileSync('/proc/self/status', 'utf8');
}
