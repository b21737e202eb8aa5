import { ACK, FIN, PSH, RST, SYN, URG } from '../decode/transport/tcp.ts';
import { Kind } from './kind.ts';

/** The kind of each of the 64 combinations of flags. */
const KIND_OF_FLAGS: readonly Kind[] = Array.from({ length: 64 }, (_, flags) => decide(flags));

/** The kind of a TCP packet with these six low flag bits, judged alone. */
export function kindOfFlags(flags: number): Kind {
  return KIND_OF_FLAGS[flags & 0x3f] as Kind;
}

/**
 * Whether no honest stack sends a segment with these flags (RFC 9293, section 3.10.7), so that it is a probe on any port, in
 * use or not: neither SYN, ACK nor RST; or SYN together with FIN or RST.
 */
export function isImpossible(flags: number): boolean {
  return (flags & (SYN | RST | ACK)) === 0 || isContradiction(flags);
}

function decide(flags: number): Kind {
  if (flags === ACK) return Kind.ack;
  if (flags === (FIN | ACK)) return Kind.maimon;
  if (isContradiction(flags)) return Kind.odd;
  // An answer, or part of a connection.
  if ((flags & (ACK | RST)) !== 0) return Kind.none;
  if (flags === 0) return Kind.null;
  if (flags === FIN) return Kind.fin;
  if (flags === (FIN | PSH | URG)) return Kind.xmas;
  if (flags === SYN) return Kind.syn;
  return Kind.odd;
}

/** Whether the flags begin a connection and end it at once. */
function isContradiction(flags: number): boolean {
  return (flags & SYN) !== 0 && (flags & (FIN | RST)) !== 0;
}
