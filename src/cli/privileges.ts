import { readFileSync } from 'node:fs';

/** Bits of the kernel's capability sets (linux/capability.h). */
const CAP_CHOWN = 0n;
const CAP_SETGID = 6n;
const CAP_SETUID = 7n;
const CAP_SETPCAP = 8n;
const CAP_NET_RAW = 13n;

/** Whether this process may open a packet socket. */
export function mayCapture(): boolean {
  return hasAll(CAP_NET_RAW);
}

/** Whether it may give files to another user, become that user, and leave it less than it has itself. */
export function mayHandOver(): boolean {
  return hasAll(CAP_CHOWN, CAP_SETGID, CAP_SETUID, CAP_SETPCAP);
}

function hasAll(...capabilities: readonly bigint[]): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  return capabilities.every((capability) => ((BigInt(`0x${effective}`) >> capability) & 1n) === 1n);
}
