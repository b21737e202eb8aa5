import { Kind } from '../kind.ts';
import type { Probe } from '../probe.ts';

/**
 * masscan keeps no state: the identification of its SYNs is the exclusive or of the destination address, the
 * destination port and the sequence number, cut to 16 bits (its source, src/templ-pkt.c, `template_set_target_ipv4`;
 * Durumeric, Bailey, Halderman: "An Internet-Wide View of Internet-Wide Scanning", USENIX Security 2014).
 *
 * False positives: one in 65,536 SYNs. IPv6 has no identification, so masscan does not show there.
 */
export function looksLikeMasscan({
  kind,
  source,
  identification,
  destination,
  destinationPort,
  sequence,
}: Probe): boolean {
  if (kind !== Kind.syn || !source.isV4) return false;
  return ((destination.w3 ^ destinationPort ^ sequence ^ identification) & 0xffff) === 0;
}
