import { Kind } from '../classify/kind.ts';
import type { Probe } from '../classify/probe.ts';
import { PROTOCOL_TCP } from '../net/protocol.ts';

/**
 * How hard it is to forge what is known of a source, the weakest first.
 *
 * - `spoofable`: everything rests on one packet that anybody may have sent, or on those of a group of decoys, or on
 *   one packet each from several addresses of a network.
 * - `repeated`: the source made several different attempts, and not together with other sources. A forger can send two
 *   packets as well as one, but most do not.
 * - `reacts`: what the source sent depended on what this host had sent to it, so it reads what is sent to its address.
 * - `handshake`: the source completed a TCP handshake, so it receives what is sent to its address.
 */
export const EVIDENCE = ['spoofable', 'repeated', 'reacts', 'handshake'] as const;
export type Evidence = (typeof EVIDENCE)[number];

/** What may rest on evidence, and the weakest evidence that suffices for it. Nothing else in the program decides that. */
const SUFFICIENT = {
  /** A block in a minute in which many new sources are to be blocked: the breaker does not hold it back. */
  'block in a flood': 'reacts',
  /** A block with BLOCK_SPOOFABLE="0": it rests on no packets that one forger could have sent blind. */
  'block that nobody can forge': 'reacts',
  /** A block of a source that sends the same as others, with DECOY_POLICY="log". */
  'block among decoys': 'reacts',
  /** A block of a whole IPv6 network, whose other addresses may be strangers'. */
  'block of a network': 'repeated',
  /** A report to other hosts, which block on our word. */
  share: 'reacts',
} as const satisfies Record<string, Evidence>;

export type Purpose = keyof typeof SUFFICIENT;

/** Whether the evidence is strong enough for the purpose. */
export function suffices(evidence: Evidence, purpose: Purpose): boolean {
  return EVIDENCE.indexOf(evidence) >= EVIDENCE.indexOf(SUFFICIENT[purpose]);
}

/** Whether it is harder to forge what `evidence` stands for. */
export function isBetter(evidence: Evidence, than: Evidence): boolean {
  return evidence !== than && EVIDENCE.indexOf(evidence) > EVIDENCE.indexOf(than);
}

/** Whether the probe stands for a connection that the kernel accepted. A datagram is no handshake. */
export function isHandshake({ kind, protocol }: Probe): boolean {
  return kind === Kind.connect && protocol === PROTOCOL_TCP;
}
