import { ACK, FIN, PSH, RST, SYN, URG } from '../decode/transport/tcp.ts';
import { Kind } from './kind.ts';

/** The kind of each of the 64 combinations of flags. */
const KIND_OF_FLAGS: readonly Kind[] = Array.from({ length: 64 }, (_, flags) => decide(flags));

/** The kind of a TCP packet with these six low flag bits, judged alone. */
export function kindOfFlags(flags: number): Kind {
  return KIND_OF_FLAGS[flags & 0x3f] as Kind;
}

const IMPOSSIBLE: readonly boolean[] = Array.from({ length: 64 }, (_, flags) => {
  if (flags === 0 || (flags & (FIN | ACK)) === FIN) return true;
  return (flags & SYN) !== 0 && (flags & (FIN | RST)) !== 0;
});

/**
 * Whether no host that wants to speak TCP sends these flags: none at all, FIN without ACK, SYN with FIN or RST. Such a
 * segment is a probe even on a port in use.
 */
export function isImpossible(flags: number): boolean {
  return IMPOSSIBLE[flags & 0x3f] as boolean;
}

function decide(flags: number): Kind {
  if ((flags & SYN) !== 0 && (flags & (FIN | RST)) !== 0) return Kind.odd;
  if (flags === ACK) return Kind.ack;
  if (flags === (FIN | ACK)) return Kind.maimon;
  if ((flags & (FIN | ACK | RST)) === (FIN | RST)) return Kind.odd;
  // An answer, or part of a connection.
  if ((flags & (ACK | RST)) !== 0) return Kind.none;
  if (flags === 0) return Kind.null;
  if (flags === FIN) return Kind.fin;
  if (flags === (FIN | PSH | URG)) return Kind.xmas;
  if (flags === SYN) return Kind.syn;
  return Kind.odd;
}
