import { hashAddress, mix } from '../../net/hash.ts';
import type { Packet } from '../packet.ts';

/**
 * Datagrams that wait for their fragments. A flood of first fragments without a second fills this table and no more;
 * it evicts older datagrams, as it does in the kernel's own queue.
 */
export const MAX_DATAGRAMS = 1_024;

/**
 * How long a datagram waits for its fragments, as in Linux. An attacker who sends half a datagram today cannot turn a
 * later honest fragment with the same identification into a probe.
 */
export const FRAGMENT_TIMEOUT_MS = 30_000;

/** Words of one slot's key: both addresses, then identification and protocol. */
const KEY_WORDS = 10;
const IDENTIFICATION_WORD = 8;
const PROTOCOL_WORD = 9;

/** Stands in for the protocol: RFC 8200, section 4.5, identifies a datagram without it. */
const ANY_PROTOCOL = 256;

/** The hash of a free slot. */
const FREE = 0;

/**
 * Assigns each datagram a slot from 0 to MAX_DATAGRAMS - 1. Slots are taken in turn, so a new datagram always
 * replaces the oldest one. A search through all hashes takes less than a microsecond, so there is no hash table whose
 * buckets an attacker could fill.
 */
export class DatagramTable {
  readonly #hashes = new Int32Array(MAX_DATAGRAMS);
  readonly #keys = new Uint32Array(MAX_DATAGRAMS * KEY_WORDS);
  readonly #beginTimes = new Float64Array(MAX_DATAGRAMS);
  #next = 0;

  /** The slot of the fragment's datagram; -1 when no other fragment of it has been seen. */
  find(packet: Packet): number {
    const hash = hashOf(packet);
    for (let slot = this.#hashes.indexOf(hash); slot >= 0; slot = this.#hashes.indexOf(hash, slot + 1)) {
      if (!this.#isOf(slot, packet)) continue;
      // In a capture, time may also go backwards.
      if (Math.abs(packet.time - (this.#beginTimes[slot] as number)) < FRAGMENT_TIMEOUT_MS) return slot;
      this.remove(slot);
    }
    return -1;
  }

  /** Gives the fragment's datagram the slot of the oldest one. */
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
    this.#hashes[slot] = hashOf(packet);
    this.#beginTimes[slot] = packet.time;
    return slot;
  }

  /** Forgets the datagram. */
  remove(slot: number): void {
    this.#hashes[slot] = FREE;
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

/** RFC 791, section 3.2: over IPv4 the protocol is part of the key. */
function protocolOf(packet: Packet): number {
  return packet.family === 4 ? packet.fragment.protocol : ANY_PROTOCOL;
}

function hashOf(packet: Packet): number {
  const source = hashAddress(packet.source, packet.fragment.identification);
  return mix(hashAddress(packet.destination, source) ^ protocolOf(packet)) || 1;
}
