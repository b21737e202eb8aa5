import { Kind } from '../kind.ts';
import type { Probe } from '../probe.ts';

/**
 * Mirai and most of its descendants use the destination address as the sequence number of their SYNs, to recognize an
 * answer without state (the published source, mirai/bot/scanner.c; Antonakakis et al.: "Understanding the Mirai
 * Botnet", USENIX Security 2017).
 *
 * False positives: one in 2^32 SYNs. A modified build may not do this.
 */
export function looksLikeMirai({ kind, source, destination, sequence }: Probe): boolean {
  return kind === Kind.syn && source.isV4 && sequence === destination.w3;
}
