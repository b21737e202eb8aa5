import { readFileSync } from 'node:fs';

/** The bits of the capabilities that portsentry and its tools need (linux/capability.h). */
const BITS = {
  CAP_CHOWN: 0n,
  CAP_DAC_OVERRIDE: 1n,
  CAP_DAC_READ_SEARCH: 2n,
  CAP_SETGID: 6n,
  CAP_SETUID: 7n,
  CAP_SETPCAP: 8n,
  CAP_NET_BIND_SERVICE: 10n,
  CAP_NET_ADMIN: 12n,
  CAP_NET_RAW: 13n,
  CAP_SYS_ADMIN: 21n,
} as const;

/** The name of a capability (capabilities(7)). */
export type Capability = keyof typeof BITS;

/** The mask of one capability in a set. */
export function capabilityMask(capability: Capability): bigint {
  return 1n << BITS[capability];
}

/** A capability set of this process, as bits: `CapEff` holds what it may do, `CapAmb` what its children keep. */
export function capabilitySet(name: 'CapEff' | 'CapAmb', status = ownStatus()): bigint {
  return BigInt(`0x${field(status, name) ?? '0'}`);
}

/** Those of the capabilities that this process lacks. `status` is the text of /proc/self/status. */
export function missingCapabilities(wanted: readonly Capability[], status = ownStatus()): Capability[] {
  return absentFrom(capabilitySet('CapEff', status), wanted);
}

/** Those that a program lacks that this process starts: root's programs keep what root has, others only ambient ones. */
export function missingInPrograms(wanted: readonly Capability[], status = ownStatus()): Capability[] {
  return absentFrom(capabilitySet(isRoot(status) ? 'CapEff' : 'CapAmb', status), wanted);
}

/** `CAP_NET_RAW is missing`, and what to do about it: another thing for root than for others. */
export function describeMissing(missing: readonly Capability[], status = ownStatus()): string {
  const what = `${listOf(missing)} ${missing.length === 1 ? 'is' : 'are'} missing`;
  if (!isRoot(status)) return `${what}: run it as root, or grant ${missing.length === 1 ? 'it' : 'them'}`;
  return `${what}: root was started without ${missing.length === 1 ? 'it' : 'them'}, as in a container or under systemd`;
}

function absentFrom(held: bigint, wanted: readonly Capability[]): Capability[] {
  return wanted.filter((capability) => (held & capabilityMask(capability)) === 0n);
}

function listOf(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** The second number is the effective user. */
function isRoot(status: string): boolean {
  return /^Uid:\s*\d+\s+0\s/m.test(status);
}

function field(status: string, name: string): string | undefined {
  return new RegExp(`^${name}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1];
}

function ownStatus(): string {
  return readFileSync('/proc/self/status', 'utf8');
}
