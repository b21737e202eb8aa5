import { readFileSync } from 'node:fs';

/** Bit of CAP_NET_RAW in the kernel's capability sets (linux/capability.h). */
const CAP_NET_RAW = 13n;

/** Whether this process may open a packet socket. */
export function mayCapture(): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  return ((BigInt(`0x${effective}`) >> CAP_NET_RAW) & 1n) === 1n;
}
