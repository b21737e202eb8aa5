import { Kind } from '../classify/kind.ts';
import type { Probe } from '../classify/probe.ts';
import type { Address } from '../net/address.ts';
import { hashAddress, mix } from '../net/hash.ts';
import { Attempts, Noted, REPEAT_WINDOW_MS, tickOf } from './attempts.ts';

/**
 * Entries that one source may have. A port takes one, and so does another attempt at it or another target. Beyond
 * that, ports are only counted: a scan of all 65,535 costs no more than a scan of 256.
 */
const MAX_REMEMBERED = 256;

/** Time is cut into spans of this length, a coarse measure of when a source was last seen. */
const SPAN_MS = 1_024;
/** Multiplication is faster than division, and exact for a power of 2. */
const SPANS_PER_MS = 1 / SPAN_MS;

/** Each slot has a record of 64 octets, one cache line. */
const RECORD_WORDS = 16;
const RECORD_DOUBLES = 8;

// Offsets in a record, in words.
const ADDRESS = 0;
const CONNECTS = 4;
const PROBES = 5;
const PORTS = 6;
const TARGETS = 7;
/** Kinds in the lower half, the number of remembered entries in the upper. */
const KINDS_REMEMBERED = 8;
const KINDS_MASK = 0xffff;
const ONE_REMEMBERED = 0x10000;
const FIRST_PORT = 9;
const FIRST_ATTEMPT = 10;
const FIRST_TARGET = 11;
// Offsets in a record, in doubles: the last four words.
const FIRST_TIME = 6;
const LAST_SEEN = 7;

/**
 * The numbers of all tracked sources, in one typed array: the packet path allocates nothing and touches few cache
 * lines. The record holds a source's first port, attempt and target. Only a source that does something else takes
 * entries of `Attempts`, so a flood of forged sources takes none.
 */
export class SourceRecords {
  /** The last counted probe repeated an attempt; its port was new. */
  repeat = false;
  newPort = false;
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;
  readonly #firstSeen: Float64Array;
  /** Changes when a source's scan ends, which disowns its attempts. */
  readonly #generations: Uint16Array;
  /** 1 when an IPv6 source's scan came from several addresses; meaningless for IPv4. */
  readonly #severalAddresses: Uint8Array;
  readonly #attempts = new Attempts();

  constructor(slots: number) {
    this.#words = new Int32Array(slots * RECORD_WORDS);
    this.#doubles = new Float64Array(this.#words.buffer);
    this.#firstSeen = new Float64Array(slots);
    this.#generations = new Uint16Array(slots);
    this.#severalAddresses = new Uint8Array(slots);
  }

  /** Assigns the slot to the address or its network. */
  reset(slot: number, address: Address): void {
    this.#writeAddress(slot, address);
    this.#words[slot * RECORD_WORDS + CONNECTS] = 0;
    this.#doubles[slot * RECORD_DOUBLES + LAST_SEEN] = 0;
    this.endScan(slot);
  }

  /** Forgets the scan, but not the connects. */
  endScan(slot: number): void {
    const at = slot * RECORD_WORDS;
    this.#words.fill(0, at + PROBES, at + FIRST_TARGET + 1);
    // Never 0, because no owner has the number 0.
    this.#generations[slot] = ((this.#generations[slot] as number) + 1) & 0xffff || 1;
  }

  forgetConnects(slot: number): void {
    this.#words[slot * RECORD_WORDS + CONNECTS] = 0;
  }

  /** Whether the slot has this address. */
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

  /** Whether the slot's address is in the network. */
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

  /** Call this when other addresses count as one source; that some did so before means nothing. */
  forgetSeveralAddresses(): void {
    this.#severalAddresses.fill(0);
  }

  /** Writes the slot's address, the first of the scan, into `into`. */
  readAddress(slot: number, into: Address): void {
    const at = slot * RECORD_WORDS + ADDRESS;
    into.w0 = (this.#words[at] as number) >>> 0;
    into.w1 = (this.#words[at + 1] as number) >>> 0;
    into.w2 = (this.#words[at + 2] as number) >>> 0;
    into.w3 = (this.#words[at + 3] as number) >>> 0;
  }

  /** Whether an IPv6 source's scan came from more addresses than the first. */
  hasSeveralAddresses(slot: number): boolean {
    return this.#severalAddresses[slot] !== 0;
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

  // The methods called for each probe take it whole: V8 allocates a number for a time passed alone.

  /** Whether the source had been quiet for `pauseMs` when the probe came. */
  wasQuiet(slot: number, { time }: Probe, pauseMs: number): boolean {
    return time - (this.#doubles[slot * RECORD_DOUBLES + LAST_SEEN] as number) >= pauseMs;
  }

  /** Whether the source was last seen in the same span (SPAN_MS) as the probe. */
  isSameSpan(slot: number, { time }: Probe): boolean {
    const last = this.#doubles[slot * RECORD_DOUBLES + LAST_SEEN] as number;
    return Math.floor(time * SPANS_PER_MS) === Math.floor(last * SPANS_PER_MS);
  }

  firstSeen(slot: number): number {
    return this.#firstSeen[slot] as number;
  }

  /**
   * Counts one probe; sets `repeat` and `newPort`. It is one function: V8 compiles a function called here by itself
   * and again inlined in this one, and until it is done each probe takes ten times as long (bench/replay).
   */
  count(slot: number, probe: Probe): void {
    const words = this.#words;
    const doubles = this.#doubles;
    const at = slot * RECORD_WORDS;
    const firstTime = slot * RECORD_DOUBLES + FIRST_TIME;
    const { time, kind } = probe;
    const target = hashAddress(probe.destination, 0);
    // The same as `portKey`.
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
      repeat = Math.abs(time - (doubles[firstTime] as number)) <= REPEAT_WINDOW_MS;
      doubles[firstTime] = time;
    } else {
      const owner = ((this.#generations[slot] as number) << 16) | slot;
      const tick = tickOf(probe);
      const mayAdd = kindsRemembered >>> 16 < MAX_REMEMBERED;
      // A port's entry has the first attempt at it; only a port tried in several ways takes more entries.
      let noted: Noted = Noted.newAttempt;
      if (words[at + FIRST_PORT] !== port) noted = this.#attempts.note(owner, port, attempt, tick, mayAdd);
      newPort = noted === Noted.newKey;
      if (noted === Noted.newAttempt) noted = this.#attempts.note(owner, attempt, attempt, tick, mayAdd);
      repeat = noted === Noted.repeat;
      if (mayAdd && noted === Noted.newKey) kindsRemembered += ONE_REMEMBERED;
    }
    words[at + KINDS_REMEMBERED] = kindsRemembered;
    if (words[at + FIRST_TARGET] !== target) this.#noteTarget(slot, target, probe);
    // When SCAN_WINDOW is shorter than REPEAT_WINDOW_MS, the connect that it repeats is already forgotten.
    if (words[at + CONNECTS] === 0) repeat = false;
    // A ping is no connect.
    if (!repeat && kind !== Kind.icmp) words[at + CONNECTS] = (words[at + CONNECTS] as number) + 1;
    if (newPort) words[at + PORTS] = (words[at + PORTS] as number) + 1;
    words[at + PROBES] = (words[at + PROBES] as number) + 1;
    doubles[slot * RECORD_DOUBLES + LAST_SEEN] = time;
    this.repeat = repeat;
    this.newPort = newPort;
  }

  /** Reads ahead for `isAt` and `count`, to have the record in the cache. The value is meaningless. */
  prefetch(slot: number): number {
    return this.#words[slot * RECORD_WORDS] as number;
  }

  /** The same for the attempts at a port. */
  prefetchPort(slot: number, probe: Probe): number {
    return this.#attempts.prefetch(this.#owner(slot), portKey(probe));
  }

  /** Keeps the first address of a scan. */
  #noteAddress(slot: number, address: Address): void {
    if (this.probes(slot) === 0) {
      this.#severalAddresses[slot] = 0;
      this.#writeAddress(slot, address);
    } else if (!this.isAt(slot, address)) this.#severalAddresses[slot] = 1;
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

/** Odd, unlike the keys of targets. */
function portKey(probe: Probe): number {
  return mix((probe.protocol << 16) | probe.destinationPort) | 1;
}
