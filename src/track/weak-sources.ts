import type { Probe } from '../classify/probe.ts';
import { Address } from '../net/address.ts';
import { hashAddress, mix } from '../net/hash.ts';

/** Weak probes count from this many different ports on. The number of an IP protocol stands in for a port. */
const MIN_PORTS = 3;

/**
 * Weak probes of a source add up within this time. An honest peer does not send strays to three ports within it, and
 * nmap's slowest scan, with a probe every five minutes, takes only ten minutes for three.
 */
export const WEAK_WINDOW_MS = 3_600_000;

/**
 * Sources whose weak probes are remembered, in sets of 8. An attacker who fills a set with forged addresses makes a
 * slow scanner start over; sources that count already are evicted last.
 */
const SETS = 2_048;
const WAYS = 8;

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
  readonly #salt: number;
  readonly #words = new Uint32Array(SETS * WAYS * RECORD_WORDS);
  readonly #address = new Address();

  readonly #keyOf: (source: Address) => Address;

  /** `salt` randomizes the sets; `keyOf` gives the key of an address's source, which may be a whole network. */
  constructor(salt: number, keyOf: (source: Address) => Address) {
    this.#salt = salt;
    this.#keyOf = keyOf;
  }

  /** Whether the weak probe would make its source count: the moment to check its ports closely. */
  isDecisive(probe: Probe): boolean {
    const at = this.#find(this.#keyOf(probe.source), probe.time);
    if (at < 0 || this.#words[at + STATE] !== MIN_PORTS - 1) return false;
    return !this.#knows(at, probe);
  }

  /** Forgets the ports of a source that turn out to be in use. */
  recheck(source: Address, time: number, inUse: InUseAt): void {
    const at = this.#find(this.#keyOf(source), time);
    const words = this.#words;
    if (at < 0 || words[at + STATE] === COUNTS) return;
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
    const at = found >= 0 ? found : this.#add(source);
    words[at + SECONDS] = seconds(probe.time);
    const state = words[at + STATE] as number;
    if (state === COUNTS) return true;
    if (this.#knows(at, probe)) return false;
    words[at + STATE] = state + 1;
    if (state + 1 === COUNTS) return true;
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

  /** Where the source's record begins; -1 when there is none or it is too old. */
  #find(source: Address, time: number): number {
    const words = this.#words;
    const set = this.#setOf(source);
    for (let at = set; at < set + WAYS * RECORD_WORDS; at += RECORD_WORDS) {
      if (
        words[at + 3] !== source.w3 ||
        words[at + 2] !== source.w2 ||
        words[at + 1] !== source.w1 ||
        words[at] !== source.w0 ||
        words[at + SECONDS] === 0
      )
        continue;
      // In a capture, time may also go backwards.
      if (Math.abs(seconds(time) - (words[at + SECONDS] as number)) * 1_000 < WEAK_WINDOW_MS) return at;
      words[at + SECONDS] = 0;
    }
    return -1;
  }

  /** Replaces an empty record, otherwise the oldest, preferably of a source that does not count. */
  #add(source: Address): number {
    const words = this.#words;
    const set = this.#setOf(source);
    let place = set;
    for (let at = set; at < set + WAYS * RECORD_WORDS; at += RECORD_WORDS) {
      if (this.#worth(at) < this.#worth(place)) place = at;
    }
    this.#writeAddress(place, source);
    words[place + STATE] = 0;
    return place;
  }

  #worth(at: number): number {
    const age = this.#words[at + SECONDS] as number;
    return this.#words[at + STATE] === COUNTS && age !== 0 ? age + 2 ** 32 : age;
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

  #setOf(source: Address): number {
    return (mix(hashAddress(source, this.#salt)) & (SETS - 1)) * WAYS * RECORD_WORDS;
  }
}

/** Seconds since the epoch; never 0 in a record that is in use. */
function seconds(time: number): number {
  return (Math.floor(time / 1_000) & 0xffffffff) >>> 0 || 1;
}

/** The protocol and its port; for a protocol that no host speaks, its number is the port. */
function portKey({ protocol, destinationPort }: Probe): number {
  return ((protocol << 16) | destinationPort) >>> 0;
}
