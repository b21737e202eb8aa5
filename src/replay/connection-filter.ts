import { LINKTYPE_ETHERNET } from '../capture/link-type.ts';
import type { FrameBatch } from '../capture/source.ts';
import { isWeak } from '../classify/kind.ts';
import type { Probe } from '../classify/probe.ts';
import { TEREDO_PORT } from '../decode/network/teredo.ts';
import {
  destinationPortOfPlain,
  isPlain,
  isPlainDatagram,
  PLAIN_IP,
  plainProtocolV6,
} from '../decode/plain.ts';
import {
  DESTINATION_V4,
  DESTINATION_V6,
  PORTS_V4,
  PORTS_V6,
  SOURCE_V4,
  SOURCE_V6,
} from '../decode/plain-positions.ts';
import type { Address } from '../net/address.ts';
import { PROTOCOL_TCP } from '../net/protocol.ts';

/** Bits for the ends of connections, as a power of two. Another end with the same bit costs time, and changes nothing. */
const FILTER_BITS = 20;

/**
 * Leaves out, after a look at a few of their octets, the frames that show neither a connection of the probes that it was
 * told of nor a service at an end of them. Whatever it does not know, it lets pass.
 */
export class ConnectionFilter {
  readonly #ends = new Uint32Array(2 ** FILTER_BITS / 32);
  readonly #wantsAll: boolean;

  /** With `wantsAll`, every frame passes. */
  constructor(wantsAll: boolean) {
    this.#wantsAll = wantsAll;
  }

  /** Lets the frames pass that show what the probe belongs to. */
  want({ kind, protocol, source, sourcePort, destination, destinationPort }: Probe): void {
    if (protocol !== PROTOCOL_TCP) return;
    this.#add(destination, destinationPort);
    // It is asked of a weak probe, too, whether a service sent it.
    if (isWeak(kind)) this.#add(source, sourcePort);
  }

  /** The number of the first frame of the batch from `index` on that passes; the batch's count when there is none. */
  next({ view, offset, capturedLength, wireLength, linkType, count }: FrameBatch, index: number): number {
    let at = index;
    while (at < count && !this.#wantsAll) {
      const start = offset[at] as number;
      const captured = capturedLength[at] as number;
      if (linkType[at] !== LINKTYPE_ETHERNET || this.#passes(view, start, captured, wireLength[at] as number))
        break;
      at++;
    }
    return at;
  }

  #passes(view: DataView, offset: number, capturedLength: number, wireLength: number): boolean {
    const ip = offset + PLAIN_IP;
    if (isPlain(view, offset, capturedLength, wireLength)) {
      return (
        this.#wants(view.getInt32(ip + SOURCE_V4), view.getUint16(ip + PORTS_V4)) ||
        this.#wants(view.getInt32(ip + DESTINATION_V4), view.getUint16(ip + PORTS_V4 + 2))
      );
    }
    // The packet in a Teredo datagram may be a segment.
    if (isPlainDatagram(view, offset, capturedLength, wireLength))
      return destinationPortOfPlain(view, offset) === TEREDO_PORT;
    const protocol = plainProtocolV6(view, offset, capturedLength, wireLength);
    if (protocol === 0) return true;
    if (protocol !== PROTOCOL_TCP) return view.getUint16(ip + PORTS_V6 + 2) === TEREDO_PORT;
    return (
      this.#wants(foldedAt(view, ip + SOURCE_V6), view.getUint16(ip + PORTS_V6)) ||
      this.#wants(foldedAt(view, ip + DESTINATION_V6), view.getUint16(ip + PORTS_V6 + 2))
    );
  }

  #wants(folded: number, port: number): boolean {
    const bit = bitOf(folded, port);
    return ((this.#ends[bit >>> 5] as number) & (1 << (bit & 31))) !== 0;
  }

  #add(address: Address, port: number): void {
    const { w0, w1, w2, w3 } = address;
    const bit = bitOf(address.isV4 ? w3 | 0 : folded(w0, w1, w2, w3), port);
    this.#ends[bit >>> 5] = (this.#ends[bit >>> 5] as number) | (1 << (bit & 31));
  }
}

function bitOf(folded: number, port: number): number {
  const hash = Math.imul(folded ^ Math.imul(port, 0x85ebca6b), 0xc2b2ae35);
  return Math.imul(hash ^ (hash >>> 15), 0x9e3779b1) >>> (32 - FILTER_BITS);
}

function foldedAt(view: DataView, offset: number): number {
  return folded(
    view.getInt32(offset),
    view.getInt32(offset + 4),
    view.getInt32(offset + 8),
    view.getInt32(offset + 12),
  );
}

/** An IPv6 address in 32 bits. */
function folded(w0: number, w1: number, w2: number, w3: number): number {
  return Math.imul(Math.imul(w0 ^ Math.imul(w1, 0x85ebca6b), 0xc2b2ae35) ^ w2, 0x9e3779b1) ^ w3;
}
