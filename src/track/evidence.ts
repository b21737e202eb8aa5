import { Kind } from '../classify/kind.ts';
import type { Probe } from '../classify/probe.ts';
import { PROTOCOL_TCP } from '../net/protocol.ts';

/**
 * How easily a probe and what its source did before it can be forged, the surest first.
 *
 * - `handshake`: the source completed a TCP handshake, so it got what was sent to its address.
 * - `answered`: different attempts came from it, and not along with the same ones from others. Who forges can send
 *   two packets as well as one, but most do not.
 * - `spoofable`: all rests on one packet that anybody may have sent, or on those of a group of decoys.
 */
export type Evidence = 'handshake' | 'answered' | 'spoofable';

/** Whether the kernel has accepted the connection that this probe stands for. A datagram is no handshake. */
export function isHandshake({ kind, protocol }: Probe): boolean {
  return kind === Kind.connect && protocol === PROTOCOL_TCP;
}
