import { isNoted } from '../classify/kind.ts';
import type { Probe } from '../classify/probe.ts';
import { Address } from '../net/address.ts';
import { hashAddress, mix } from '../net/hash.ts';
import {
  isIcmp,
  PROTOCOL_ARP,
  PROTOCOL_ICMP,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  type Transport,
  transportOf,
} from '../net/protocol.ts';
import { Attempts, Noted, REPEAT_WINDOW_MS, tickOf } from './attempts.ts';
import { Added, NumberSets } from './number-sets.ts';
import type { ScannedRange } from './ranges.ts';
import { NO_NUMBER, TargetNumbers } from './target-numbers.ts';

/**
 * Attempts of one source among those of all others. Beyond that, its attempts go where only large scans evict each
 * other: a scan of 65,535 ports takes no more from the small ones than a scan of 256.
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
/** The ports from the first one on that were probed in order. */
const FIRST_RANGE = 7;
/** Kinds in the lower half, the number of remembered attempts in the upper. */
const KINDS_REMEMBERED = 8;
const KINDS_MASK = 0xffff;
const ONE_REMEMBERED = 0x10000;
const REMEMBERED_MASK = 0x1ff;
/** The ports are in `NumberSets`, because they are more than one range. */
const HAS_SETS = 0x40000000;
const FIRST_PORT = 9;
const FIRST_ATTEMPT = 10;
const FIRST_TARGET = 11;
// Kinds of numbers in a set. There are few targets, so their numbers come first.
const TARGET_NUMBERS = 0;
const PORT_NUMBERS: readonly (readonly [kind: number, transport: Transport])[] = [
  [1, 'tcp'],
  [2, 'udp'],
  [3, 'sctp'],
  [4, 'icmp'],
  [5, 'icmp'],
  [6, 'ip'],
];

// What is rarely needed is outside of the records: whether ports are not counted, because there is no room to remember
// them, and how many targets there are besides the first.
const MORE_PORTS = 1;
const ONE_TARGET = 2;

// Of the addresses of an IPv6 source: there are several, and one of them made two attempts in a row.
const SEVERAL = 1;
const CAME_BACK = 2;

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
  /** Repeated attempts are told from new ones. Without that, each probe is a connect, and costs less. */
  remembersAttempts = true;
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;
  readonly #firstSeen: Float64Array;
  /** Changes when a source's scan ends, which disowns its attempts. */
  readonly #generations: Uint16Array;
  /** SEVERAL and CAME_BACK of an IPv6 source's scan; meaningless for IPv4. */
  readonly #addresses: Uint8Array;
  /** A hash of the address that an IPv6 source last probed from. */
  readonly #lastAddress: Int32Array;
  readonly #attempts: Attempts;
  /** Attempts of sources with more than MAX_REMEMBERED; made when there is one. */
  #attemptsOfMany: Attempts | null = null;
  /** The ports and targets of sources that have probed more than one. */
  readonly #numbers: NumberSets;
  readonly #targets: TargetNumbers;
  /** The destination of the last probe, because most have the same, with its number and its hash. */
  readonly #destination = new Address();
  #target = NO_NUMBER;
  #targetHash = 0;
  readonly #rare: Uint32Array;

  /** `salt` randomizes a hash; the counts do not depend on it. */
  constructor(slots: number, salt: number) {
    this.#words = new Int32Array(slots * RECORD_WORDS);
    this.#doubles = new Float64Array(this.#words.buffer);
    this.#firstSeen = new Float64Array(slots);
    this.#generations = new Uint16Array(slots);
    this.#addresses = new Uint8Array(slots);
    this.#lastAddress = new Int32Array(slots);
    this.#attempts = new Attempts(slots);
    this.#numbers = new NumberSets(slots);
    this.#targets = new TargetNumbers(salt);
    this.#rare = new Uint32Array(slots);
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
    this.#rare[slot] = 0;
    this.#numbers.clear(slot);
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
    this.#addresses.fill(0);
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
    return ((this.#addresses[slot] as number) & SEVERAL) !== 0;
  }

  /** Whether one of those addresses made two different attempts in a row: packets with ever new addresses never do. */
  hasAddressThatCameBack(slot: number): boolean {
    return ((this.#addresses[slot] as number) & CAME_BACK) !== 0;
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
    return this.probes(slot) === 0 ? 0 : 1 + Math.floor((this.#rare[slot] as number) / ONE_TARGET);
  }

  /** Whether there may be more ports than are counted. */
  hasMorePorts(slot: number): boolean {
    return ((this.#rare[slot] as number) & MORE_PORTS) !== 0;
  }

  /** The ports of the scan, in order for each transport; ARP has none. */
  ranges(slot: number): ScannedRange[] {
    const words = this.#words;
    const at = slot * RECORD_WORDS;
    if (words[at + PROBES] === 0) return [];
    if (((words[at + KINDS_REMEMBERED] as number) & HAS_SETS) === 0) {
      const range = words[at + FIRST_RANGE] as number;
      const transport = transportOf((words[at + FIRST_PORT] as number) >>> 16);
      if (transport === 'arp') return [];
      return [{ transport, first: range >>> 16, last: range & 0xffff }];
    }
    return PORT_NUMBERS.flatMap(([kind, transport]) =>
      [...this.#numbers.ranges(slot, kind)].map(({ first, last }) => ({ transport, first, last })),
    );
  }

  /** Up to `most` of the targets of the scan, in the order in which anybody first probed them. */
  *targetAddresses(slot: number, most: number): Generator<Address> {
    const words = this.#words;
    const at = slot * RECORD_WORDS;
    if (words[at + PROBES] === 0) return;
    let count = 0;
    for (const { first, last } of this.#numbers.ranges(slot, TARGET_NUMBERS)) {
      for (let number = first; number <= last; number++) {
        if (count++ === most) return;
        yield this.#targets.address(number);
      }
    }
    if (count === 0 && words[at + FIRST_TARGET] !== NO_NUMBER)
      yield this.#targets.address(words[at + FIRST_TARGET] as number);
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
    if (!probe.destination.equals(this.#destination)) this.#turnTo(probe.destination);
    const target = this.#target;
    const port = (probe.protocol << 16) | probe.destinationPort;
    let attempt = mix(this.#targetHash ^ mix((probe.sourcePort << 16) | probe.destinationPort) ^ kind);
    let isSameAddress = false;
    if (!probe.source.isV4) {
      this.#noteAddress(slot, probe.source);
      const last = hashAddress(probe.source, 0) | 0;
      isSameAddress = last === this.#lastAddress[slot];
      this.#lastAddress[slot] = last;
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
      words[at + FIRST_RANGE] = (probe.destinationPort << 16) | probe.destinationPort;
    } else if (words[at + FIRST_PORT] === port && words[at + FIRST_ATTEMPT] === attempt) {
      repeat = Math.abs(time - (doubles[firstTime] as number)) <= REPEAT_WINDOW_MS;
      doubles[firstTime] = time;
    } else {
      if (words[at + FIRST_PORT] !== port) {
        // A scan in order needs no set.
        const next = (words[at + FIRST_RANGE] as number) + 1;
        const isNext = probe.destinationPort === (next & 0xffff) && probe.destinationPort !== 0;
        const isFirstProtocol = (port ^ (words[at + FIRST_PORT] as number)) >>> 16 === 0;
        if (isNext && isFirstProtocol && (kindsRemembered & HAS_SETS) === 0) {
          words[at + FIRST_RANGE] = next;
          newPort = true;
        } else {
          newPort = this.#addPort(slot, probe, kindsRemembered);
          kindsRemembered |= (words[at + KINDS_REMEMBERED] as number) & HAS_SETS;
        }
      }
      if (this.remembersAttempts) {
        const owner = ((this.#generations[slot] as number) << 16) | slot;
        const tick = tickOf(probe);
        const mayAdd = ((kindsRemembered >>> 16) & REMEMBERED_MASK) < MAX_REMEMBERED;
        const hash = mix(port);
        // A port's entry has the first attempt at it; only a port tried in several ways takes more entries.
        let noted: Noted = Noted.newAttempt;
        if (words[at + FIRST_PORT] !== port) noted = this.#attempts.note(owner, hash, attempt, tick, mayAdd);
        if (noted === Noted.newAttempt) noted = this.#attempts.note(owner, attempt, attempt, tick, mayAdd);
        repeat = noted === Noted.repeat;
        if (noted === Noted.newKey) {
          if (mayAdd) kindsRemembered += ONE_REMEMBERED;
          else repeat = this.#isRepeatOfMany(owner, hash, attempt, tick);
        }
      }
    }
    words[at + KINDS_REMEMBERED] = kindsRemembered;
    if (words[at + FIRST_TARGET] !== target) this.#addTarget(slot, target);
    // When SCAN_WINDOW is shorter than REPEAT_WINDOW_MS, the connect that it repeats is already forgotten.
    if (words[at + CONNECTS] === 0) repeat = false;
    // What is only noted is no connect.
    if (!repeat && !isNoted(kind)) {
      if (isSameAddress && words[at + CONNECTS] !== 0)
        this.#addresses[slot] = (this.#addresses[slot] as number) | CAME_BACK;
      words[at + CONNECTS] = (words[at + CONNECTS] as number) + 1;
    }
    if (newPort) words[at + PORTS] = (words[at + PORTS] as number) + 1;
    words[at + PROBES] = (words[at + PROBES] as number) + 1;
    doubles[slot * RECORD_DOUBLES + LAST_SEEN] = time;
    this.repeat = repeat;
    this.newPort = newPort;
  }

  #turnTo(destination: Address): void {
    this.#destination.set(destination);
    this.#target = this.#targets.numberOf(destination);
    this.#targetHash = hashAddress(destination, 0);
  }

  /** Reads ahead for `isAt` and `count`, to have the record in the cache. The value is meaningless. */
  prefetch(slot: number): number {
    return this.#words[slot * RECORD_WORDS] as number;
  }

  /** The same for the attempts at a port. */
  prefetchPort(slot: number, probe: Probe): number {
    return this.#attempts.prefetch(this.#owner(slot), mix((probe.protocol << 16) | probe.destinationPort));
  }

  /** Keeps the first address of a scan. */
  #noteAddress(slot: number, address: Address): void {
    if (this.probes(slot) === 0) {
      this.#addresses[slot] = 0;
      this.#writeAddress(slot, address);
    } else if (!this.isAt(slot, address)) this.#addresses[slot] = (this.#addresses[slot] as number) | SEVERAL;
  }

  #writeAddress(slot: number, address: Address): void {
    const words = this.#words;
    const at = slot * RECORD_WORDS + ADDRESS;
    words[at] = address.w0;
    words[at + 1] = address.w1;
    words[at + 2] = address.w2;
    words[at + 3] = address.w3;
  }

  /** Adds a port that does not follow the first range. True when it is new. */
  #addPort(slot: number, { protocol, destinationPort }: Probe, kindsRemembered: number): boolean {
    const words = this.#words;
    const at = slot * RECORD_WORDS;
    if ((kindsRemembered & HAS_SETS) === 0) {
      const range = words[at + FIRST_RANGE] as number;
      const first = (words[at + FIRST_PORT] as number) >>> 16;
      const isBefore = destinationPort < range >>> 16;
      if (protocol === first && !isBefore && destinationPort <= (range & 0xffff)) return false;
      words[at + KINDS_REMEMBERED] = (words[at + KINDS_REMEMBERED] as number) | HAS_SETS;
      for (let port = range >>> 16; port <= (range & 0xffff); port++)
        this.#addNumber(slot, numbersOf(first), port);
    }
    return this.#addNumber(slot, numbersOf(protocol), destinationPort);
  }

  #addNumber(slot: number, numbers: number, port: number): boolean {
    const added = this.#numbers.add(slot, numbers, port);
    if (added === Added.unknown) this.#rare[slot] = (this.#rare[slot] as number) | MORE_PORTS;
    return added === Added.added;
  }

  /** Adds a target that is not the first. */
  #addTarget(slot: number, target: number): void {
    const first = this.#words[slot * RECORD_WORDS + FIRST_TARGET] as number;
    const isSecond = (this.#rare[slot] as number) < ONE_TARGET;
    if (isSecond && first !== NO_NUMBER) this.#numbers.add(slot, TARGET_NUMBERS, first);
    if (target === NO_NUMBER) return;
    if (this.#numbers.add(slot, TARGET_NUMBERS, target) === Added.added)
      this.#rare[slot] = (this.#rare[slot] as number) + ONE_TARGET;
  }

  /** Whether a source with more than MAX_REMEMBERED attempts made the same one just now. */
  #isRepeatOfMany(owner: number, port: number, attempt: number, tick: number): boolean {
    this.#attemptsOfMany ??= new Attempts();
    let noted = this.#attemptsOfMany.note(owner, port, attempt, tick, true);
    if (noted === Noted.newAttempt) noted = this.#attemptsOfMany.note(owner, attempt, attempt, tick, true);
    return noted === Noted.repeat;
  }

  #owner(slot: number): number {
    return ((this.#generations[slot] as number) << 16) | slot;
  }
}

/** The kind of the numbers that stand for ports of a protocol. */
function numbersOf(protocol: number): number {
  if (protocol === PROTOCOL_TCP) return 1;
  if (protocol === PROTOCOL_UDP) return 2;
  if (protocol === PROTOCOL_SCTP) return 3;
  if (protocol === PROTOCOL_ARP) return 7;
  if (!isIcmp(protocol)) return 6;
  return protocol === PROTOCOL_ICMP ? 4 : 5;
}
