import { Kind } from '../classify/kind.ts';
import type { Probe } from '../classify/probe.ts';
import { PROTOCOL_TCP } from '../net/protocol.ts';

/**
 * How hard it is to forge a probe and what its source did before, the strongest first.
 *
 * - `handshake`: the source completed a TCP handshake, so it receives what is sent to its address.
 * - `answered`: the source made different attempts, and not together with other sources. A forger can send two
 *   packets as well as one, but most do not.
 * - `spoofable`: everything rests on one packet that anybody may have sent, or on those of a group of decoys.
 */
export type Evidence = 'handshake' | 'answered' | 'spoofable';

/** Whether the probe stands for a connection that the kernel accepted. A datagram is no handshake. */
export function isHandshake({ kind, protocol }: Probe): boolean {
  return kind === Kind.connect && protocol === PROTOCOL_TCP;
}
