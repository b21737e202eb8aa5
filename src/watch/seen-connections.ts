import type { Packet } from '../decode/packet.ts';
import { ACK, PSH, RST, SYN } from '../decode/transport/tcp.ts';
import type { Address } from '../net/address.ts';
import { hashAddress, mix } from '../net/hash.ts';
import type { Connections, Segment } from './in-use.ts';

/**
 * Connections remembered, a 32-bit hash each, in a table of 1 MiB. A later one replaces an earlier one in the same
 * slot; then a stray ACK of the earlier one is a weak probe, and weak probes count only at a third port.
 */
const SLOTS = 262_144;

/** A segment longer than the longest header has data (RFC 9293, section 3.1). */
const MAX_TCP_HEADER_LENGTH = 60;

/** The connections that a capture has shown, by a SYN/ACK or by data in either direction. Bounded. */
export class SeenConnections implements Connections {
  readonly #hashes = new Uint32Array(SLOTS);
  readonly #salt: number;

  /** `salt` randomizes the hashes. */
  constructor(salt: number) {
    this.#salt = salt;
  }

  note(segment: Segment): void {
    const hash = this.#hashOf(segment);
    this.#hashes[hash & (SLOTS - 1)] = hash;
  }

  holds(segment: Segment): boolean {
    const hash = this.#hashOf(segment);
    return this.#hashes[hash & (SLOTS - 1)] === hash;
  }

  /** The same in both directions; never 0. */
  #hashOf({ source, sourcePort, destination, destinationPort }: Segment): number {
    return mix(this.#hashOfEnd(source, sourcePort) + this.#hashOfEnd(destination, destinationPort)) || 1;
  }

  #hashOfEnd(address: Address, port: number): number {
    return mix(hashAddress(address, this.#salt) ^ port);
  }
}

/** Whether a TCP packet shows that its two ends are or were connected. */
export function showsConnection({ tcpFlags, transportLength }: Packet): boolean {
  if ((tcpFlags & (ACK | RST)) !== ACK) return false;
  return (tcpFlags & (SYN | PSH)) !== 0 || transportLength > MAX_TCP_HEADER_LENGTH;
}
