import { CAP_NET_RAW, capabilitySet } from '../capture/capabilities.ts';

/** Bits of the kernel's capability sets (linux/capability.h). */
const CAP_CHOWN = 0n;
const CAP_SETGID = 6n;
const CAP_SETUID = 7n;
const CAP_SETPCAP = 8n;

/** Whether this process may open a packet socket. */
export function mayCapture(): boolean {
  return hasAll(CAP_NET_RAW);
}

/** Whether this process may give files to another user, become that user, and drop capabilities. */
export function mayHandOver(): boolean {
  return hasAll(CAP_CHOWN, CAP_SETGID, CAP_SETUID, CAP_SETPCAP);
}

function hasAll(...capabilities: readonly bigint[]): boolean {
  const effective = capabilitySet('CapEff');
  return capabilities.every((capability) => ((effective >> capability) & 1n) === 1n);
}
