import type { Probe } from '../classify/probe.ts';
import { Address } from '../net/address.ts';
import { hashAddress, mix } from '../net/hash.ts';

/** Different doors, each a port or an IP protocol, at which weak probes become a source's own (design, section 5). */
const DOORS = 3;

/**
 * How long (ms) weak probes of a source add up; strays of one honest peer at three ports within it do not happen, and
 * nmap's slowest scan, a probe in five minutes, is through in ten.
 */
export const WEAK_WINDOW = 3_600_000;

/**
 * Sources whose weak probes are remembered, in sets of 8. A forger of addresses who fills a set makes a slow scanner
 * begin anew; those that count already stay as long as there is anybody else.
 */
const SETS = 2_048;
const WAYS = 8;

/** One record of 64 octets: the source, then two doors with the address of ours each, the state and the time. */
const RECORD_WORDS = 16;
const FIRST_DOOR = 4;
const DOOR_WORDS = 5;
const DOOR = 4;
const STATE = 14;
const SECONDS = 15;

/** States: how many doors are remembered, or that the source counts. */
const COUNTS = DOORS;

/** Whether a door turns out to be somebody's own. */
export type InUseAt = (protocol: number, address: Address, port: number) => boolean;

/**
 * Who sends weak probes, bare ACKs and FIN/ACKs and IP protocols that nobody speaks. A stray one is nothing: it leaves
 * no trace outside of this table. A source that comes to its third door counts from then on: that third probe is its
 * first connect and triggers like any other's. The two before it stay untold and uncounted, for at their time there was
 * nothing to tell.
 */
export class WeakSources {
  readonly #salt: number;
  readonly #words = new Uint32Array(SETS * WAYS * RECORD_WORDS);
  readonly #address = new Address();

  readonly #keyOf: (source: Address) => Address;

  /** `salt` randomizes the sets; `keyOf` gives what tells the source of an address, for some have a whole network. */
  constructor(salt: number, keyOf: (source: Address) => Address) {
    this.#salt = salt;
    this.#keyOf = keyOf;
  }

  /** Whether the weak probe would make its source count: a moment to look closely at its doors. */
  isDecisive(probe: Probe): boolean {
    const at = this.#find(this.#keyOf(probe.source), probe.time);
    if (at < 0 || this.#words[at + STATE] !== DOORS - 1) return false;
    return !this.#knows(at, probe);
  }

  /** Forgets the doors of a source that are in use after all. */
  recheck(source: Address, time: number, inUse: InUseAt): void {
    const at = this.#find(this.#keyOf(source), time);
    const words = this.#words;
    if (at < 0 || words[at + STATE] === COUNTS) return;
    let kept = 0;
    for (let index = 0; index < (words[at + STATE] as number); index++) {
      const from = at + FIRST_DOOR + index * DOOR_WORDS;
      const door = words[from + DOOR] as number;
      this.#readAddress(from);
      if (inUse(door >>> 16, this.#address, door & 0xffff)) continue;
      words.copyWithin(at + FIRST_DOOR + kept * DOOR_WORDS, from, from + DOOR_WORDS);
      kept++;
    }
    words[at + STATE] = kept;
  }

  /** Notes a weak probe; whether it counts. */
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
    const to = at + FIRST_DOOR + state * DOOR_WORDS;
    this.#writeAddress(to, probe.destination);
    words[to + DOOR] = doorOf(probe);
    return false;
  }

  /** Whether the door is one of those remembered, at whatever address of ours. */
  #knows(at: number, probe: Probe): boolean {
    const door = doorOf(probe);
    const known = this.#words[at + STATE] as number;
    for (let index = 0; index < known; index++) {
      if (this.#words[at + FIRST_DOOR + index * DOOR_WORDS + DOOR] === door) return true;
    }
    return false;
  }

  /** Where the source's record begins; -1 when it has none, or one that is too old. */
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
      // In a capture time may also go backwards.
      if (Math.abs(seconds(time) - (words[at + SECONDS] as number)) * 1_000 < WEAK_WINDOW) return at;
      words[at + SECONDS] = 0;
    }
    return -1;
  }

  /** In the place of an empty record, else of the one that is least worth and oldest. */
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

/** Never 0 of a record that is in use. */
function seconds(time: number): number {
  return (Math.floor(time / 1_000) & 0xffffffff) >>> 0 || 1;
}

/** A port of a protocol; the number of a protocol that nobody speaks is its port. */
function doorOf({ protocol, destinationPort }: Probe): number {
  return ((protocol << 16) | destinationPort) >>> 0;
}
