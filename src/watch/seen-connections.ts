import type { Packet } from '../decode/packet.ts';
import { ACK, PSH, RST, SYN } from '../decode/transport/tcp.ts';
import type { Address } from '../net/address.ts';
import { hashAddress, mix } from '../net/hash.ts';
import type { Connections, Segment } from './in-use.ts';

/**
 * Connections that are remembered: one print of 32 bits each, in a table of 1 MiB. A later one takes the place of an
 * earlier one of the same slot; then a stray ACK of the earlier one is weak, and weak probes take three ports to count.
 */
const SLOTS = 262_144;

/** A longer segment than the longest header has data (RFC 9293, section 3.1). */
const LONGEST_HEADER = 60;

/** The connections that a capture has shown: by a SYN/ACK, or by data in either direction. Bounded. */
export class SeenConnections implements Connections {
  readonly #prints = new Uint32Array(SLOTS);
  readonly #salt: number;

  /** `salt` randomizes the prints. */
  constructor(salt: number) {
    this.#salt = salt;
  }

  note(segment: Segment): void {
    const print = this.#printOf(segment);
    this.#prints[print & (SLOTS - 1)] = print;
  }

  holds(segment: Segment): boolean {
    const print = this.#printOf(segment);
    return this.#prints[print & (SLOTS - 1)] === print;
  }

  /** The same in both directions, and never 0. */
  #printOf({ source, sourcePort, destination, destinationPort }: Segment): number {
    return mix(this.#endPrint(source, sourcePort) + this.#endPrint(destination, destinationPort)) || 1;
  }

  #endPrint(address: Address, port: number): number {
    return mix(hashAddress(address, this.#salt) ^ port);
  }
}

/** Whether a TCP packet shows that its two ends are connected, or were. */
export function showsConnection({ tcpFlags, transportLength }: Packet): boolean {
  if ((tcpFlags & (ACK | RST)) !== ACK) return false;
  return (tcpFlags & (SYN | PSH)) !== 0 || transportLength > LONGEST_HEADER;
}
