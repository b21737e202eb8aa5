import { Kind } from '../kind.ts';
import type { Probe } from '../probe.ts';

/**
 * The secret of the unicornscan run that would have made this SYN. Its sequence numbers are the exclusive or of the
 * destination address as a little-endian host reads it, the ports (the destination's in the upper half) and a number
 * drawn once per run (its source, src/scan_progs/tcphash.h and send_packet.c; Ghiëtte, Blenn, Doerr: "Remote
 * Identification of Port Scan Toolchains", NTMS 2016). Two SYNs of one source to different ports or addresses with
 * the same secret are unicornscan's.
 *
 * False positives: one in 2^32 such pairs. A signed 32-bit number; null when it cannot be unicornscan's.
 */
export function unicornscanKey(probe: Probe): number | null {
  if (probe.kind !== Kind.syn || !probe.source.isV4) return null;
  const ports = (probe.destinationPort << 16) | probe.sourcePort;
  return probe.sequence ^ swapped(probe.destination.w3) ^ ports;
}

function swapped(word: number): number {
  return (word >>> 24) | ((word >>> 8) & 0xff00) | ((word & 0xff00) << 8) | (word << 24);
}
