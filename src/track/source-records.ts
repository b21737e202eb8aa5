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

/** Time (ms) is cut into spans of this length, to say coarsely who was seen last. */
const SPAN = 1_024;
/** A product is quicker than a quotient, and of a power of 2 the same. */
const SPANS_PER_MS = 1 / SPAN;

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

  // What is asked for each probe takes it whole: for a time by itself, handed on or back, V8 makes an object.

  /** Whether the source had been quiet for `pause` (ms) when the probe came. */
  wasQuiet(slot: number, { time }: Probe, pause: number): boolean {
    return time - (this.#doubles[slot * RECORD_DOUBLES + LAST_SEEN] as number) >= pause;
  }

  /** Whether the source was last seen in the same span of time (SPAN) as the probe. */
  isSameSpan(slot: number, { time }: Probe): boolean {
    const last = this.#doubles[slot * RECORD_DOUBLES + LAST_SEEN] as number;
    return Math.floor(time * SPANS_PER_MS) === Math.floor(last * SPANS_PER_MS);
  }

  firstSeen(slot: number): number {
    return this.#firstSeen[slot] as number;
  }

  /**
   * Counts one probe; sets `repeat` and `newPort`. In one piece: V8 compiles a function that is called here by itself
   * and once more within this one, and until it is through each probe takes ten times as long (bench/replay).
   */
  count(slot: number, probe: Probe): void {
    const words = this.#words;
    const doubles = this.#doubles;
    const at = slot * RECORD_WORDS;
    const firstTime = slot * RECORD_DOUBLES + FIRST_TIME;
    const { time, kind } = probe;
    const target = hashAddress(probe.destination, 0);
    // As `portKey` has it.
    const port = mix((probe.protocol << 16) | probe.destinationPort) | 1;
    let attempt = mix(target ^ mix((probe.sourcePort << 16) | probe.destinationPort) ^ kind);
    if (!probe.source.isV4) {
      this.#noteAddress(slot, probe.source);
      attempt = hashAddress(probe.source, attempt);
    }
    let repeat = false;
    let newPort = false;
    let kindsRemembered = (words[at + KINDS_REMEMBERED] as number) | (1 << kind);
    if (words[at + PROBES] === 0) {
      newPort = true;
      this.#firstSeen[slot] = time;
      doubles[firstTime] = time;
      words[at + FIRST_PORT] = port;
      words[at + FIRST_ATTEMPT] = attempt;
      words[at + FIRST_TARGET] = target;
      words[at + TARGETS] = 1;
    } else if (words[at + FIRST_PORT] === port && words[at + FIRST_ATTEMPT] === attempt) {
      repeat = Math.abs(time - (doubles[firstTime] as number)) <= REPEAT_WINDOW;
      doubles[firstTime] = time;
    } else {
      const owner = ((this.#generations[slot] as number) << 16) | slot;
      const tick = tickOf(probe);
      const mayAdd = kindsRemembered >>> 16 < MAX_REMEMBERED;
      // A port has the first attempt at it beside it; only one that is tried in several ways takes more entries.
      let noted: Noted = Noted.newAttempt;
      if (words[at + FIRST_PORT] !== port) noted = this.#attempts.note(owner, port, attempt, tick, mayAdd);
      newPort = noted === Noted.newKey;
      if (noted === Noted.newAttempt) noted = this.#attempts.note(owner, attempt, attempt, tick, mayAdd);
      repeat = noted === Noted.repeat;
      if (mayAdd && noted === Noted.newKey) kindsRemembered += ONE_REMEMBERED;
    }
    words[at + KINDS_REMEMBERED] = kindsRemembered;
    if (words[at + FIRST_TARGET] !== target) this.#noteTarget(slot, target, probe);
    // After a SCAN_WINDOW shorter than the repeat's there is no connect any more that it would repeat.
    if (words[at + CONNECTS] === 0) repeat = false;
    // Who only asks whether somebody is there makes no connect.
    if (!repeat && kind !== Kind.icmp) words[at + CONNECTS] = (words[at + CONNECTS] as number) + 1;
    if (newPort) words[at + PORTS] = (words[at + PORTS] as number) + 1;
    words[at + PROBES] = (words[at + PROBES] as number) + 1;
    doubles[slot * RECORD_DOUBLES + LAST_SEEN] = time;
    this.repeat = repeat;
    this.newPort = newPort;
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

  #noteTarget(slot: number, target: number, probe: Probe): void {
    const words = this.#words;
    const at = slot * RECORD_WORDS;
    const mayAdd = (words[at + KINDS_REMEMBERED] as number) >>> 16 < MAX_REMEMBERED;
    const noted = this.#attempts.note(this.#owner(slot), mix(target) & ~1, 0, tickOf(probe), mayAdd);
    if (noted !== Noted.newKey) return;
    if (mayAdd) words[at + KINDS_REMEMBERED] = (words[at + KINDS_REMEMBERED] as number) + ONE_REMEMBERED;
    words[at + TARGETS] = (words[at + TARGETS] as number) + 1;
  }

  #owner(slot: number): number {
    return ((this.#generations[slot] as number) << 16) | slot;
  }
}

/** Odd, so that no target has it. */
function portKey(probe: Probe): number {
  return mix((probe.protocol << 16) | probe.destinationPort) | 1;
}
