import { LINKTYPE_ETHERNET } from '../capture/link-type.ts';
import { Kind } from '../classify/kind.ts';
import type { PortSet } from '../config/ports.ts';
import { destinationPortOfPlain, isPlain, isPlainUnicast, tcpFlagsOfPlain } from '../decode/plain.ts';
import { ACK, FIN, RST, SYN } from '../decode/transport/tcp.ts';
import { Skip } from './skipped.ts';
import type { WatchedPorts } from './watched-ports.ts';

/** For each combination of the six flags whether it is usual within a connection, and neither begins nor ends one. */
const IS_WITHIN: readonly boolean[] = Array.from({ length: 64 }, (_, flags) => {
  return (flags & (ACK | SYN | FIN | RST)) === ACK;
});

/**
 * Leaves out most frames of a capture after a look at a few of their octets: segments to ports that are not watched, when
 * they are within a connection or begin one. To decode them first takes twice as long (bench/compare). It may only be
 * asked where nobody notes connections. Whatever it does not know, it lets pass.
 */
export class Sieve {
  readonly #watched: PortSet;
  readonly #skipped: Float64Array;
  readonly #countsSyns: boolean;
  readonly #protectsAll: boolean;

  /** SYNs that are left out are counted in `skipped`, if all destinations are protected; otherwise they pass. */
  constructor(watched: WatchedPorts, skipped: Float64Array, protectsAll: boolean) {
    this.#watched = watched.tcp;
    this.#skipped = skipped;
    this.#countsSyns = watched.detects(Kind.syn);
    this.#protectsAll = protectsAll;
  }

  /** Whether the frame has been dealt with. The numbers are those of `decodeFrame`. */
  leavesOut(
    view: DataView,
    offset: number,
    capturedLength: number,
    wireLength: number,
    linkType: number,
  ): boolean {
    if (linkType !== LINKTYPE_ETHERNET || !isPlain(view, offset, capturedLength, wireLength)) return false;
    if (this.#watched.has(destinationPortOfPlain(view, offset))) return false;
    const flags = tcpFlagsOfPlain(view, offset);
    if (flags === SYN) return this.#leavesOutSyn(view, offset);
    return IS_WITHIN[flags] as boolean;
  }

  #leavesOutSyn(view: DataView, offset: number): boolean {
    if (!this.#protectsAll || !isPlainUnicast(view, offset)) return false;
    if (this.#countsSyns) this.#skipped[Skip.tcpPort] = (this.#skipped[Skip.tcpPort] as number) + 1;
    return true;
  }
}
