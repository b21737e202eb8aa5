import { Kind } from '../kind.ts';
import type { Probe } from '../probe.ts';

/**
 * Mirai and most of its offspring use the destination address as the sequence number of their SYNs, to know an
 * answer again without state (the published source, mirai/bot/scanner.c; Antonakakis et al.: "Understanding the
 * Mirai Botnet", USENIX Security 2017).
 *
 * Wrong for one in 2^32 SYNs of anybody. A changed build may have dropped it.
 */
export function isOfMirai({ kind, source, destination, sequence }: Probe): boolean {
  return kind === Kind.syn && source.isV4 && sequence === destination.w3;
}
