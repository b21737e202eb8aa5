import { Kind } from '../kind.ts';
import type { Probe } from '../probe.ts';

/**
 * The secret of the unicornscan that would have made this SYN: its sequence numbers are the exclusive or of the
 * destination address as a little-endian host reads it, of the ports (the destination's in the upper half) and of a
 * number that is drawn once a run (its source, src/scan_progs/tcphash.h and send_packet.c; Ghiëtte, Blenn, Doerr:
 * "Remote Identification of Port Scan Toolchains", NTMS 2016). Two SYNs of one source to different ports or
 * addresses that give the same one are unicornscan's.
 *
 * Wrong for one in 2^32 such pairs. A signed number of 32 bits; null for what cannot be unicornscan's.
 */
export function unicornscanKey(probe: Probe): number | null {
  if (probe.kind !== Kind.syn || !probe.source.isV4) return null;
  const ports = (probe.destinationPort << 16) | probe.sourcePort;
  return probe.sequence ^ swapped(probe.destination.w3) ^ ports;
}

function swapped(word: number): number {
  return (word >>> 24) | ((word >>> 8) & 0xff00) | ((word & 0xff00) << 8) | (word << 24);
}
