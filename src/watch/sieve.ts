import { LINKTYPE_ETHERNET } from '../capture/link-type.ts';
import type { FrameBatch } from '../capture/source.ts';
import { isGroupAddress } from '../classify/classify.ts';
import { Kind } from '../classify/kind.ts';
import type { PortSet } from '../config/ports.ts';
import { TEREDO_PORT } from '../decode/network/teredo.ts';
import type { Packet } from '../decode/packet.ts';
import {
  destinationPortOfPlain,
  isPlain,
  isPlainDatagram,
  isPlainUnicast,
  isToGroup,
  PLAIN_IP,
  plainProtocolV6,
  tcpFlagsOfPlain,
  tcpFlagsOfPlainV6,
} from '../decode/plain.ts';
import { ACK, FIN, RST, SYN } from '../decode/transport/tcp.ts';
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../net/protocol.ts';
import { KnownFlows, Verdict } from './known-flows.ts';
import type { OpenPorts } from './open-ports.ts';
import { Skip } from './skipped.ts';
import type { WatchedPorts } from './watched-ports.ts';

/** For each combination of the six flags whether it is usual within a connection, and neither begins nor ends one. */
const IS_WITHIN = Uint8Array.from({ length: 64 }, (_, flags) => {
  return (flags & (ACK | SYN | FIN | RST)) === ACK ? 1 : 0;
});

/**
 * Leaves out most frames of a capture after a look at a few of their octets: segments within connections, SYNs to ports
 * that are not watched, and datagrams of flows of which it was told. To decode them first takes several times as long
 * (bench/compare). It may only be asked where nobody notes connections. Whatever it does not know, it lets pass.
 */
export class Sieve {
  readonly #watched: WatchedPorts;
  readonly #tcp: PortSet;
  readonly #skipped: Float64Array;
  readonly #countsSyns: boolean;
  readonly #protectsAll: boolean;
  readonly #flows = new KnownFlows();

  /** Packets that are left out are counted in `skipped`, if all destinations are protected; otherwise they pass. */
  constructor(watched: WatchedPorts, skipped: Float64Array, protectsAll: boolean) {
    this.#watched = watched;
    this.#tcp = watched.tcp;
    this.#skipped = skipped;
    this.#countsSyns = watched.detects(Kind.syn);
    this.#protectsAll = protectsAll;
  }

  /**
   * The number of the first frame of the batch from `index` on that must be decoded; the batch's count when there is
   * none. In a loop of its own, because V8 compiles it once, whatever happens to the frames that pass.
   */
  next({ view, offset, capturedLength, wireLength, linkType, count }: FrameBatch, index: number): number {
    let at = index;
    while (
      at < count &&
      this.leavesOut(
        view,
        offset[at] as number,
        capturedLength[at] as number,
        wireLength[at] as number,
        linkType[at] as number,
      )
    )
      at++;
    return at;
  }

  /** Whether the frame has been dealt with. The numbers are those of `decodeFrame`. */
  leavesOut(
    view: DataView,
    offset: number,
    capturedLength: number,
    wireLength: number,
    linkType: number,
  ): boolean {
    if (linkType !== LINKTYPE_ETHERNET) return false;
    if (isPlain(view, offset, capturedLength, wireLength)) return this.#leavesOutSegment(view, offset);
    if (isPlainDatagram(view, offset, capturedLength, wireLength))
      return this.#leavesOutDatagram(view, offset, this.#flows.ofV4(view, offset + PLAIN_IP));
    const protocol = plainProtocolV6(view, offset, capturedLength, wireLength);
    if (protocol === 0) return false;
    const verdict = this.#flows.ofV6(view, offset + PLAIN_IP);
    if (protocol === PROTOCOL_UDP) return this.#leavesOutDatagram(view, offset, verdict);
    return verdict === Verdict.segment && IS_WITHIN[tcpFlagsOfPlainV6(view, offset)] === 1;
  }

  /**
   * Tells it of a packet that turned out to be no probe. Call it when everything that `inferOpen` learns from the packet
   * is in `open`, or when nobody asks for that (`infers`). What is in `open` must stay there.
   */
  note(packet: Packet, open: OpenPorts, infers: boolean): void {
    if (packet.protocol === PROTOCOL_TCP) {
      if (this.#isSettledSegment(packet, open)) this.#flows.add(packet, Verdict.segment);
    } else if (packet.protocol === PROTOCOL_UDP) {
      const verdict = this.#verdictOnDatagram(packet, open, infers);
      if (verdict !== Verdict.unknown) this.#flows.add(packet, verdict);
    }
  }

  #leavesOutSegment(view: DataView, offset: number): boolean {
    const flags = tcpFlagsOfPlain(view, offset);
    const isWithin = IS_WITHIN[flags] === 1;
    if (this.#tcp.has(destinationPortOfPlain(view, offset)))
      return isWithin && this.#flows.ofV4(view, offset + PLAIN_IP) === Verdict.segment;
    return isWithin || (flags === SYN && this.#leavesOutSyn(view, offset));
  }

  #leavesOutSyn(view: DataView, offset: number): boolean {
    if (!this.#protectsAll || !isPlainUnicast(view, offset)) return false;
    if (this.#countsSyns) this.#skipped[Skip.tcpPort] = (this.#skipped[Skip.tcpPort] as number) + 1;
    return true;
  }

  #leavesOutDatagram(view: DataView, offset: number, verdict: number): boolean {
    if (isToGroup(view, offset)) return false;
    if (verdict === Verdict.datagram) return true;
    if (verdict !== Verdict['counted datagram']) return false;
    this.#skipped[Skip.udpPort] = (this.#skipped[Skip.udpPort] as number) + 1;
    return true;
  }

  /** Whether no segment within the connection can be a probe. */
  #isSettledSegment({ family, destination, destinationPort }: Packet, open: OpenPorts): boolean {
    // Without a look at the flows, the sieve knows what is not watched in IPv4.
    if (!this.#tcp.has(destinationPort)) return family === 6;
    return open.holds(PROTOCOL_TCP, destination, destinationPort);
  }

  #verdictOnDatagram(packet: Packet, open: OpenPorts, infers: boolean): Verdict {
    const { source, sourcePort, destination, destinationPort } = packet;
    if (!this.#protectsAll || destinationPort === TEREDO_PORT) return Verdict.unknown;
    if (isGroupAddress(destination) || source.equals(destination)) return Verdict.unknown;
    if (infers && !open.holds(PROTOCOL_UDP, source, sourcePort)) return Verdict.unknown;
    if (!this.#watched.udp.has(destinationPort))
      return this.#watched.detects(Kind.udp) ? Verdict['counted datagram'] : Verdict.datagram;
    return open.holds(PROTOCOL_UDP, destination, destinationPort) ? Verdict.datagram : Verdict.unknown;
  }
}
