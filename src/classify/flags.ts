import { ACK, FIN, PSH, RST, SYN, URG } from '../decode/transport/tcp.ts';
import { Kind } from './kind.ts';

/** The kind of each of the 64 combinations of flags. */
const KIND_OF_FLAGS: readonly Kind[] = Array.from({ length: 64 }, (_, flags) => decide(flags));

/** The kind of a TCP packet with these six low flag bits, judged alone. */
export function kindOfFlags(flags: number): Kind {
  return KIND_OF_FLAGS[flags & 0x3f] as Kind;
}

function decide(flags: number): Kind {
  if (flags === ACK) return Kind.ack;
  if (flags === (FIN | ACK)) return Kind.maimon;
  // An answer, or part of a connection.
  if ((flags & (ACK | RST)) !== 0) return Kind.none;
  if (flags === 0) return Kind.null;
  if (flags === FIN) return Kind.fin;
  if (flags === (FIN | PSH | URG)) return Kind.xmas;
  if (flags === SYN) return Kind.syn;
  return Kind.odd;
}
