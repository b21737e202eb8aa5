import type { Probe } from '../probe.ts';

/** The identification of all ZMap packets. */
const IDENTIFICATION = 54_321;

/**
 * ZMap gives all of its packets the same IPv4 identification (Durumeric, Wustrow, Halderman: "ZMap: Fast
 * Internet-Wide Scanning", USENIX Security 2013; `make_ip_header` in its source, src/probe_modules/packet.c). Later
 * releases and forks may randomize it.
 *
 * False positives: one in 65,536 packets with a random identification.
 */
export function looksLikeZmap({ identification }: Probe): boolean {
  return identification === IDENTIFICATION;
}
