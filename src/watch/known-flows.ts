import type { Packet } from '../decode/packet.ts';
import {
  DESTINATION_V4,
  DESTINATION_V6,
  PORTS_V4,
  PORTS_V6,
  SOURCE_V4,
  SOURCE_V6,
} from '../decode/plain-positions.ts';

/**
 * Places for flows, as a power of two. Each flow has one, which the latest takes: a flood of flows makes frames cost what
 * they cost without this table, and no more.
 */
const PLACE_BITS = 12;

// A place: both addresses, of which IPv4 uses the last words, then both ports as they follow in the header, then 4 or 6, and the verdict.
const SOURCE = 0;
const DESTINATION = 4;
const PORTS = 8;
const FAMILY = 9;
const VERDICT = 10;
const PLACE_WORDS = 11;

/** What is known of the other packets of a flow: nothing, or that they need not be decoded. */
export const Verdict = { unknown: 0, segment: 1, datagram: 2, 'counted datagram': 3 } as const;
/** One of the values of `Verdict`. */
export type Verdict = (typeof Verdict)[keyof typeof Verdict];

/**
 * Flows (both addresses and ports, in one direction) of which a replay knows already what each packet means. Compares
 * whole addresses and ports, because a scanner must not hide in the place of another flow.
 */
export class KnownFlows {
  readonly #words = new Int32Array(2 ** PLACE_BITS * PLACE_WORDS);

  /** The verdict on the IPv4 packet without options at `ip`, of which the ports are in the view. */
  ofV4(view: DataView, ip: number): number {
    const words = this.#words;
    const source = view.getInt32(ip + SOURCE_V4);
    const destination = view.getInt32(ip + DESTINATION_V4);
    const ports = view.getInt32(ip + PORTS_V4);
    const at = placeOf(source, destination, ports);
    if (words[at + PORTS] !== ports || words[at + DESTINATION + 3] !== destination) return Verdict.unknown;
    if (words[at + SOURCE + 3] !== source || words[at + FAMILY] !== 4) return Verdict.unknown;
    return words[at + VERDICT] as number;
  }

  /** The verdict on the IPv6 packet without extension headers at `ip`, of which the ports are in the view. */
  ofV6(view: DataView, ip: number): number {
    const words = this.#words;
    const ports = view.getInt32(ip + PORTS_V6);
    const at = placeOf(view.getInt32(ip + SOURCE_V6 + 12), view.getInt32(ip + DESTINATION_V6 + 12), ports);
    if (words[at + PORTS] !== ports || words[at + FAMILY] !== 6) return Verdict.unknown;
    for (let word = 0; word < 4; word++) {
      if (words[at + SOURCE + word] !== view.getInt32(ip + SOURCE_V6 + word * 4)) return Verdict.unknown;
      if (words[at + DESTINATION + word] !== view.getInt32(ip + DESTINATION_V6 + word * 4))
        return Verdict.unknown;
    }
    return words[at + VERDICT] as number;
  }

  /** Remembers the verdict on the flow of the packet. */
  add({ family, source, sourcePort, destination, destinationPort }: Packet, verdict: Verdict): void {
    const words = this.#words;
    const ports = (sourcePort << 16) | destinationPort;
    const at = placeOf(source.w3 | 0, destination.w3 | 0, ports);
    words[at + SOURCE] = source.w0;
    words[at + SOURCE + 1] = source.w1;
    words[at + SOURCE + 2] = source.w2;
    words[at + SOURCE + 3] = source.w3;
    words[at + DESTINATION] = destination.w0;
    words[at + DESTINATION + 1] = destination.w1;
    words[at + DESTINATION + 2] = destination.w2;
    words[at + DESTINATION + 3] = destination.w3;
    words[at + PORTS] = ports;
    words[at + FAMILY] = family;
    words[at + VERDICT] = verdict;
  }
}

function placeOf(source: number, destination: number, ports: number): number {
  const hash = Math.imul(Math.imul(source, 0x85ebca6b) ^ destination, 0xc2b2ae35) ^ ports;
  return (Math.imul(hash ^ (hash >>> 15), 0x9e3779b1) >>> (32 - PLACE_BITS)) * PLACE_WORDS;
}
