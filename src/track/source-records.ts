import { Kind } from '../classify/kind.ts';
import type { Probe } from '../classify/probe.ts';
import type { Address } from '../net/address.ts';
import { hashAddress, mix } from '../net/hash.ts';
import { Attempts, Noted, REPEAT_WINDOW, tickOf } from './attempts.ts';

/**
 * What one source may have remembered; a port takes one entry, so do another attempt at it and another target.
 * Beyond it ports are only counted: a scan of all 65,535 costs no more than one of 256.
 */
const MAX_REMEMBERED = 256;

/** One record of 64 octets, a cache line, for each slot. */
const RECORD_WORDS = 16;
const RECORD_DOUBLES = 8;

// Words of a record.
const ADDRESS = 0;
const CONNECTS = 4;
const PROBES = 5;
const PORTS = 6;
const TARGETS = 7;
/** Kinds in the lower half, how many entries are remembered in the upper. */
const KINDS_REMEMBERED = 8;
const KINDS_MASK = 0xffff;
const ONE_REMEMBERED = 0x10000;
const FIRST_PORT = 9;
const FIRST_ATTEMPT = 10;
const FIRST_TARGET = 11;
// The last four words are two doubles.
const FIRST_TIME = 6;
const LAST_SEEN = 7;

/**
 * The numbers of all tracked sources, in one typed array: the path of a packet allocates nothing and touches few
 * lines of memory. A source's first port, attempt and target stand in its record; only one that does something
 * else takes entries of `Attempts`, so a flood of forged sources takes none.
 */
export class SourceRecords {
  /** Of the probe counted last: it was the same attempt again; its port was not remembered. */
  repeat = false;
  newPort = false;
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;
  readonly #firstSeen: Float64Array;
  /** Changed when a source's scan ends, which makes its attempts somebody else's. */
  readonly #generations: Uint16Array;
  /** 1 where the scan of an IPv6 source came from several addresses; says nothing of IPv4. */
  readonly #several: Uint8Array;
  readonly #attempts = new Attempts();

  constructor(slots: number) {
    this.#words = new Int32Array(slots * RECORD_WORDS);
    this.#doubles = new Float64Array(this.#words.buffer);
    this.#firstSeen = new Float64Array(slots);
    this.#generations = new Uint16Array(slots);
    this.#several = new Uint8Array(slots);
  }

  /** Makes the slot the address's own, or its network's. */
  reset(slot: number, address: Address): void {
    this.#writeAddress(slot, address);
    this.#words[slot * RECORD_WORDS + CONNECTS] = 0;
    this.#doubles[slot * RECORD_DOUBLES + LAST_SEEN] = 0;
    this.endScan(slot);
  }

  /** Forgets the scan, not the connects. */
  endScan(slot: number): void {
    const at = slot * RECORD_WORDS;
    this.#words.fill(0, at + PROBES, at + FIRST_TARGET + 1);
    // Never 0, for no owner is number 0.
    this.#generations[slot] = ((this.#generations[slot] as number) + 1) & 0xffff || 1;
  }

  forgetConnects(slot: number): void {
    this.#words[slot * RECORD_WORDS + CONNECTS] = 0;
  }

  /** Whether the slot's address is this one. */
  isAt(slot: number, address: Address): boolean {
    const words = this.#words;
    const at = slot * RECORD_WORDS + ADDRESS;
    return (
      words[at + 3] === (address.w3 | 0) &&
      words[at + 2] === (address.w2 | 0) &&
      words[at + 1] === (address.w1 | 0) &&
      words[at] === (address.w0 | 0)
    );
  }

  /** Whether the slot's address is in this network. */
  isIn(slot: number, network: Address, mask: Address): boolean {
    const words = this.#words;
    const at = slot * RECORD_WORDS + ADDRESS;
    return (
      (((words[at] as number) ^ network.w0) & mask.w0) === 0 &&
      (((words[at + 1] as number) ^ network.w1) & mask.w1) === 0 &&
      (((words[at + 2] as number) ^ network.w2) & mask.w2) === 0 &&
      (((words[at + 3] as number) ^ network.w3) & mask.w3) === 0
    );
  }

  /** Other addresses count as one source from now on: that some did so before says nothing. */
  forgetSeveral(): void {
    this.#several.fill(0);
  }

  /** Writes the slot's address, of several the first of the scan, into `into`. */
  readAddress(slot: number, into: Address): void {
    const at = slot * RECORD_WORDS + ADDRESS;
    into.w0 = (this.#words[at] as number) >>> 0;
    into.w1 = (this.#words[at + 1] as number) >>> 0;
    into.w2 = (this.#words[at + 2] as number) >>> 0;
    into.w3 = (this.#words[at + 3] as number) >>> 0;
  }

  /** Whether the scan of an IPv6 source came from more addresses than the first. */
  several(slot: number): boolean {
    return this.#several[slot] !== 0;
  }

  connects(slot: number): number {
    return (this.#words[slot * RECORD_WORDS + CONNECTS] as number) >>> 0;
  }

  probes(slot: number): number {
    return (this.#words[slot * RECORD_WORDS + PROBES] as number) >>> 0;
  }

  ports(slot: number): number {
    return (this.#words[slot * RECORD_WORDS + PORTS] as number) >>> 0;
  }

  targets(slot: number): number {
    return (this.#words[slot * RECORD_WORDS + TARGETS] as number) >>> 0;
  }

  kinds(slot: number): number {
    return (this.#words[slot * RECORD_WORDS + KINDS_REMEMBERED] as number) & KINDS_MASK;
  }

  lastSeen(slot: number): number {
    return this.#doubles[slot * RECORD_DOUBLES + LAST_SEEN] as number;
  }

  firstSeen(slot: number): number {
    return this.#firstSeen[slot] as number;
  }

  /** Counts one probe; sets `repeat` and `newPort`. */
  count(slot: number, probe: Probe): void {
    const words = this.#words;
    const at = slot * RECORD_WORDS;
    const target = hashAddress(probe.destination, 0);
    const port = portKey(probe);
    const endpoints = mix((probe.sourcePort << 16) | probe.destinationPort);
    let attempt = mix(target ^ endpoints ^ probe.kind);
    if (!probe.source.isV4) {
      this.#noteAddress(slot, probe.source);
      attempt = hashAddress(probe.source, attempt);
    }
    if (words[at + PROBES] === 0) this.#begin(slot, port, attempt, target, probe);
    else this.#goOn(slot, port, attempt, target, probe);
    words[at + PROBES] = (words[at + PROBES] as number) + 1;
    words[at + KINDS_REMEMBERED] = (words[at + KINDS_REMEMBERED] as number) | (1 << probe.kind);
    if (this.newPort) words[at + PORTS] = (words[at + PORTS] as number) + 1;
    // After a SCAN_WINDOW shorter than the repeat's there is no connect any more that it would repeat.
    if (words[at + CONNECTS] === 0) this.repeat = false;
    // Who only asks whether somebody is there makes no connect.
    if (!this.repeat && probe.kind !== Kind.icmp) words[at + CONNECTS] = (words[at + CONNECTS] as number) + 1;
    this.#doubles[slot * RECORD_DOUBLES + LAST_SEEN] = probe.time;
  }

  /** Reads what `isAt` and `count` will need, so that it is in the cache then. The value is of no use. */
  warm(slot: number): number {
    return this.#words[slot * RECORD_WORDS] as number;
  }

  /** The same for what is remembered of a port. */
  warmPort(slot: number, probe: Probe): number {
    return this.#attempts.warm(this.#owner(slot), portKey(probe));
  }

  /** A scan is named after its first address. */
  #noteAddress(slot: number, address: Address): void {
    if (this.probes(slot) === 0) {
      this.#several[slot] = 0;
      this.#writeAddress(slot, address);
    } else if (!this.isAt(slot, address)) this.#several[slot] = 1;
  }

  #writeAddress(slot: number, address: Address): void {
    const words = this.#words;
    const at = slot * RECORD_WORDS + ADDRESS;
    words[at] = address.w0;
    words[at + 1] = address.w1;
    words[at + 2] = address.w2;
    words[at + 3] = address.w3;
  }

  #begin(slot: number, port: number, attempt: number, target: number, { time }: Probe): void {
    const words = this.#words;
    const at = slot * RECORD_WORDS;
    this.repeat = false;
    this.newPort = true;
    this.#firstSeen[slot] = time;
    words[at + TARGETS] = 1;
    words[at + FIRST_PORT] = port;
    words[at + FIRST_ATTEMPT] = attempt;
    this.#doubles[slot * RECORD_DOUBLES + FIRST_TIME] = time;
    words[at + FIRST_TARGET] = target;
  }

  #goOn(slot: number, port: number, attempt: number, target: number, { time }: Probe): void {
    const words = this.#words;
    const tick = tickOf(time);
    const at = slot * RECORD_WORDS;
    if (words[at + FIRST_PORT] !== port) {
      this.#notePort(slot, port, attempt, tick);
    } else {
      this.newPort = false;
      if (words[at + FIRST_ATTEMPT] === attempt) {
        const firstTime = slot * RECORD_DOUBLES + FIRST_TIME;
        this.repeat = Math.abs(time - (this.#doubles[firstTime] as number)) <= REPEAT_WINDOW;
        this.#doubles[firstTime] = time;
      } else this.repeat = this.#note(slot, attempt, attempt, tick) === Noted.repeat;
    }
    if (words[at + FIRST_TARGET] === target) return;
    const key = mix(target) & ~1;
    if (this.#note(slot, key, 0, tick) === Noted.newKey)
      words[at + TARGETS] = (words[at + TARGETS] as number) + 1;
  }

  /** A port has the first attempt at it beside it; only one that is tried in several ways takes more entries. */
  #notePort(slot: number, port: number, attempt: number, tick: number): void {
    const noted = this.#note(slot, port, attempt, tick);
    this.newPort = noted === Noted.newKey;
    this.repeat = noted === Noted.repeat;
    if (noted === Noted.newAttempt) this.repeat = this.#note(slot, attempt, attempt, tick) === Noted.repeat;
  }

  #note(slot: number, key: number, attempt: number, tick: number): Noted {
    const words = this.#words;
    const remembered = slot * RECORD_WORDS + KINDS_REMEMBERED;
    const mayAdd = (words[remembered] as number) >>> 16 < MAX_REMEMBERED;
    const noted = this.#attempts.note(this.#owner(slot), key, attempt, tick, mayAdd);
    if (noted === Noted.newKey && mayAdd) words[remembered] = (words[remembered] as number) + ONE_REMEMBERED;
    return noted;
  }

  #owner(slot: number): number {
    return ((this.#generations[slot] as number) << 16) | slot;
  }
}

/** Odd, so that no target has it. */
function portKey(probe: Probe): number {
  return mix((probe.protocol << 16) | probe.destinationPort) | 1;
}
