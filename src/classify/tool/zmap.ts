import type { Probe } from '../probe.ts';

/** Of every packet that ZMap makes. */
const IDENTIFICATION = 54_321;

/**
 * ZMap gives all of its packets the same IPv4 identification (Durumeric, Wustrow, Halderman: "ZMap: Fast
 * Internet-Wide Scanning", USENIX Security 2013; `make_ip_header` in its source, src/probe_modules/packet.c). Later
 * releases and forks may draw it by chance.
 *
 * Wrong for one in 65,536 packets whose identification is random.
 */
export function isOfZmap({ identification }: Probe): boolean {
  return identification === IDENTIFICATION;
}
