import { hashAddress, mix } from '../../net/hash.ts';
import type { Packet } from '../packet.ts';

/**
 * Datagrams that wait for their fragments. A flood of first fragments that nothing follows costs this much room and
 * no more; it pushes out what began before it, as it does in the kernel's own queue.
 */
export const MAX_DATAGRAMS = 1_024;

/**
 * How long (ms) a datagram is waited for, as long as Linux waits. An attacker who sends half of a datagram today
 * cannot make it a probe with an honest fragment that happens to have the same identification later.
 */
export const FRAGMENT_TIME = 30_000;

/** Words of one slot's key: both addresses, then identification and protocol. */
const KEY_WORDS = 10;
const IDENTIFICATION_WORD = 8;
const PROTOCOL_WORD = 9;

/** In the place of the protocol: RFC 8200, section 4.5, tells datagrams apart by addresses and identification. */
const ANY_PROTOCOL = 256;

/** The print of a slot that nobody has. */
const FREE = 0;

/**
 * Which datagram has which slot, from 0 to MAX_DATAGRAMS - 1. Slots are taken in turn, so a new datagram always
 * takes that of the one that began longest ago. Looking through all prints takes less than a microsecond: there is
 * no hash table that an attacker could fill into one bucket.
 */
export class DatagramTable {
  readonly #prints = new Int32Array(MAX_DATAGRAMS);
  readonly #keys = new Uint32Array(MAX_DATAGRAMS * KEY_WORDS);
  readonly #begun = new Float64Array(MAX_DATAGRAMS);
  #next = 0;

  /** The slot of the datagram that the fragment belongs to; -1 when it is the first of it that is seen. */
  find(packet: Packet): number {
    const print = printOf(packet);
    for (let slot = this.#prints.indexOf(print); slot >= 0; slot = this.#prints.indexOf(print, slot + 1)) {
      if (!this.#isOf(slot, packet)) continue;
      // In a capture time may also go backwards.
      if (Math.abs(packet.time - (this.#begun[slot] as number)) < FRAGMENT_TIME) return slot;
      this.remove(slot);
    }
    return -1;
  }

  /** Gives the fragment's datagram a slot: that of the oldest one. */
  add(packet: Packet): number {
    const slot = this.#next;
    this.#next = (slot + 1) % MAX_DATAGRAMS;
    const { source, destination, fragment } = packet;
    const at = slot * KEY_WORDS;
    this.#keys[at] = source.w0;
    this.#keys[at + 1] = source.w1;
    this.#keys[at + 2] = source.w2;
    this.#keys[at + 3] = source.w3;
    this.#keys[at + 4] = destination.w0;
    this.#keys[at + 5] = destination.w1;
    this.#keys[at + 6] = destination.w2;
    this.#keys[at + 7] = destination.w3;
    this.#keys[at + IDENTIFICATION_WORD] = fragment.identification;
    this.#keys[at + PROTOCOL_WORD] = protocolOf(packet);
    this.#prints[slot] = printOf(packet);
    this.#begun[slot] = packet.time;
    return slot;
  }

  /** Forgets the datagram. */
  remove(slot: number): void {
    this.#prints[slot] = FREE;
  }

  #isOf(slot: number, packet: Packet): boolean {
    const { source, destination, fragment } = packet;
    const keys = this.#keys;
    const at = slot * KEY_WORDS;
    return (
      keys[at + IDENTIFICATION_WORD] === fragment.identification &&
      keys[at + PROTOCOL_WORD] === protocolOf(packet) &&
      keys[at + 3] === source.w3 &&
      keys[at + 7] === destination.w3 &&
      keys[at + 2] === source.w2 &&
      keys[at + 6] === destination.w2 &&
      keys[at + 1] === source.w1 &&
      keys[at + 5] === destination.w1 &&
      keys[at] === source.w0 &&
      keys[at + 4] === destination.w0
    );
  }
}

/** RFC 791, section 3.2: over IPv4 the protocol is a part of the key. */
function protocolOf(packet: Packet): number {
  return packet.family === 4 ? packet.fragment.protocol : ANY_PROTOCOL;
}

function printOf(packet: Packet): number {
  const hash = hashAddress(packet.source, packet.fragment.identification);
  return mix(hashAddress(packet.destination, hash) ^ protocolOf(packet)) || 1;
}
