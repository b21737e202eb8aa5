import type { Probe } from '../classify/probe.ts';
import { Address } from '../net/address.ts';
import { hashAddress } from '../net/hash.ts';
import { SlotLists } from './slot-lists.ts';

/** Weak probes count from this many different ports on. The number of an IP protocol stands in for a port. */
const MIN_PORTS = 3;

/**
 * Weak probes of a source add up within this time. An honest peer does not send strays to three ports within it, and
 * nmap's slowest scan, with a probe every five minutes, takes only ten minutes for three.
 */
export const WEAK_WINDOW_MS = 3_600_000;

/**
 * Sources whose weak probes are remembered. An attacker who fills the table with forged addresses makes a slow scanner
 * start over; sources that count already are evicted last. In each group the source seen longest ago leaves first.
 */
const MAX_WEAK_SOURCES = 16_384;
const BUCKETS = MAX_WEAK_SOURCES * 2;

/** The lists that decide who leaves, in this order. */
const WAITING = 0;
const COUNTING = 1;

/** No slot. */
const NONE = -1;

/** A record of 64 octets: the source, then two ports, each with our address, the state and the time. */
const RECORD_WORDS = 16;
const FIRST_PORT = 4;
const PORT_WORDS = 5;
const PORT = 4;
const STATE = 14;
const SECONDS = 15;

/** The state is the number of remembered ports, or COUNTS when the source counts. */
const COUNTS = MIN_PORTS;

/** Whether a remembered port turns out to be in use. */
export type InUseAt = (protocol: number, address: Address, port: number) => boolean;

/**
 * Sources of weak probes: bare ACKs, FIN/ACKs, and IP protocols that no host speaks. A stray one means nothing and
 * leaves no trace outside this table. A source that reaches its third port counts from then on: that probe is its
 * first connect and triggers like any other. The two before it are never reported or counted.
 */
export class WeakSources {
  /** A source was evicted, so later probes of it may count too late. */
  hasForgotten = false;
  readonly #salt: number;
  readonly #keyOf: (source: Address) => Address;
  readonly #words = new Uint32Array(MAX_WEAK_SOURCES * RECORD_WORDS);
  /** Slots by hash, as chains; both count slots from 1. Free slots are chained to one another. */
  readonly #buckets = new Int32Array(BUCKETS);
  readonly #chain = new Int32Array(MAX_WEAK_SOURCES);
  readonly #lists = new SlotLists(MAX_WEAK_SOURCES, 2);
  readonly #address = new Address();
  #used = 0;
  #free = 0;

  /** `salt` randomizes the buckets; `keyOf` gives the key of an address's source, which may be a whole network. */
  constructor(salt: number, keyOf: (source: Address) => Address) {
    this.#salt = salt;
    this.#keyOf = keyOf;
  }

  /** Whether the weak probe would make its source count: the moment to check its ports closely. */
  isDecisive(probe: Probe): boolean {
    const slot = this.#find(this.#keyOf(probe.source), probe.time);
    if (slot === NONE) return false;
    const at = slot * RECORD_WORDS;
    return this.#words[at + STATE] === MIN_PORTS - 1 && !this.#knows(at, probe);
  }

  /** Forgets the ports of a source that turn out to be in use. */
  recheck(source: Address, time: number, inUse: InUseAt): void {
    const slot = this.#find(this.#keyOf(source), time);
    const words = this.#words;
    const at = slot * RECORD_WORDS;
    if (slot === NONE || words[at + STATE] === COUNTS) return;
    let kept = 0;
    for (let index = 0; index < (words[at + STATE] as number); index++) {
      const from = at + FIRST_PORT + index * PORT_WORDS;
      const port = words[from + PORT] as number;
      this.#readAddress(from);
      if (inUse(port >>> 16, this.#address, port & 0xffff)) continue;
      words.copyWithin(at + FIRST_PORT + kept * PORT_WORDS, from, from + PORT_WORDS);
      kept++;
    }
    words[at + STATE] = kept;
  }

  /** Notes a weak probe and returns whether it counts. */
  counts(probe: Probe): boolean {
    const words = this.#words;
    const source = this.#keyOf(probe.source);
    const found = this.#find(source, probe.time);
    const slot = found === NONE ? this.#add(source) : found;
    const at = slot * RECORD_WORDS;
    words[at + SECONDS] = seconds(probe.time);
    const state = words[at + STATE] as number;
    const isNew = state !== COUNTS && !this.#knows(at, probe);
    if (isNew) words[at + STATE] = state + 1;
    const counts = words[at + STATE] === COUNTS;
    this.#lists.touch(slot, counts ? COUNTING : WAITING);
    if (counts || !isNew) return counts;
    const to = at + FIRST_PORT + state * PORT_WORDS;
    this.#writeAddress(to, probe.destination);
    words[to + PORT] = portKey(probe);
    return false;
  }

  /** Whether the port is remembered, at any of our addresses. */
  #knows(at: number, probe: Probe): boolean {
    const port = portKey(probe);
    const known = this.#words[at + STATE] as number;
    for (let index = 0; index < known; index++) {
      if (this.#words[at + FIRST_PORT + index * PORT_WORDS + PORT] === port) return true;
    }
    return false;
  }

  /** The source's slot; NONE when there is none or it is too old. */
  #find(source: Address, time: number): number {
    const words = this.#words;
    let slot = (this.#buckets[this.#bucketOf(source)] as number) - 1;
    while (slot !== NONE && !this.#isAt(slot, source)) slot = (this.#chain[slot] as number) - 1;
    if (slot === NONE) return NONE;
    // In a capture, time may also go backwards.
    const elapsed = Math.abs(seconds(time) - (words[slot * RECORD_WORDS + SECONDS] as number));
    if (elapsed * 1_000 < WEAK_WINDOW_MS) return slot;
    this.#release(slot);
    return NONE;
  }

  #isAt(slot: number, source: Address): boolean {
    const words = this.#words;
    const at = slot * RECORD_WORDS;
    return (
      words[at + 3] === source.w3 &&
      words[at + 2] === source.w2 &&
      words[at + 1] === source.w1 &&
      words[at] === source.w0
    );
  }

  #add(source: Address): number {
    const slot = this.#takeSlot();
    this.#writeAddress(slot * RECORD_WORDS, source);
    this.#words[slot * RECORD_WORDS + STATE] = 0;
    const bucket = this.#bucketOf(source);
    this.#chain[slot] = this.#buckets[bucket] as number;
    this.#buckets[bucket] = slot + 1;
    return slot;
  }

  #takeSlot(): number {
    if (this.#free === 0 && this.#used < MAX_WEAK_SOURCES) return this.#used++;
    if (this.#free === 0) {
      this.hasForgotten = true;
      const waiting = this.#lists.head(WAITING);
      this.#release(waiting === NONE ? this.#lists.head(COUNTING) : waiting);
    }
    const slot = this.#free - 1;
    this.#free = this.#chain[slot] as number;
    return slot;
  }

  #release(slot: number): void {
    this.#readAddress(slot * RECORD_WORDS);
    const bucket = this.#bucketOf(this.#address);
    let link = this.#buckets[bucket] as number;
    if (link === slot + 1) this.#buckets[bucket] = this.#chain[slot] as number;
    else {
      while (this.#chain[link - 1] !== slot + 1) link = this.#chain[link - 1] as number;
      this.#chain[link - 1] = this.#chain[slot] as number;
    }
    this.#lists.remove(slot);
    this.#chain[slot] = this.#free;
    this.#free = slot + 1;
  }

  #writeAddress(at: number, address: Address): void {
    const words = this.#words;
    words[at] = address.w0;
    words[at + 1] = address.w1;
    words[at + 2] = address.w2;
    words[at + 3] = address.w3;
  }

  #readAddress(at: number): void {
    const words = this.#words;
    this.#address.w0 = words[at] as number;
    this.#address.w1 = words[at + 1] as number;
    this.#address.w2 = words[at + 2] as number;
    this.#address.w3 = words[at + 3] as number;
  }

  #bucketOf(source: Address): number {
    return hashAddress(source, this.#salt) & (BUCKETS - 1);
  }
}

/** Seconds since the epoch. */
function seconds(time: number): number {
  return Math.floor(time / 1_000) >>> 0;
}

/** The protocol and its port; for a protocol that no host speaks, its number is the port. */
function portKey({ protocol, destinationPort }: Probe): number {
  return ((protocol << 16) | destinationPort) >>> 0;
}
