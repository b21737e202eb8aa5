import type { Probe } from '../classify/probe.ts';
import { Address } from '../net/address.ts';
import { hashAddress } from '../net/hash.ts';
import { SlotLists } from './slot-lists.ts';
import { Source } from './source.ts';
import type { SourceNetworks } from './source-networks.ts';
import { SourceRecords } from './source-records.ts';

/**
 * Sources tracked at a time (design, section 8). A forger of addresses fills it with one-probe sources in
 * seconds; they push out each other and never one that has knocked more than once.
 */
export const MAX_SOURCES = 65_536;

/** No slot, no entry. */
const NONE = -1;

/** Sources seen once, and known ones; each apart by whether the scan has been summed up since they went quiet. */
const QUIET_ONCE = 0;
const ACTIVE_ONCE = 1;
const QUIET_KNOWN = 2;
const ACTIVE_KNOWN = 3;
/** Who leaves first when the table is full, before the longest unseen of the list counts. */
const LEAVING_ORDER = [QUIET_ONCE, ACTIVE_ONCE, QUIET_KNOWN, ACTIVE_KNOWN];

/** Probes that are read ahead for at a time, at most: as many as fit the first level cache with their addresses. */
export const MAX_WARM = 64;

/** The bounded table of sources: a chained hash over numbered slots, and lists that say who leaves first. */
export class SourceTable {
  readonly records: SourceRecords;
  readonly #capacity: number;
  readonly #known: number;
  readonly #salt: number;
  readonly #networks: SourceNetworks;
  readonly #buckets: Int32Array;
  readonly #chain: Int32Array;
  readonly #sources: Source[] = [];
  /** For a look at a source that nobody has asked for. */
  readonly #passing: Source;
  readonly #lists: SlotLists;
  readonly #onForget: (slot: number) => void;
  readonly #leaving = new Address();
  readonly #warmSlots = new Int32Array(MAX_WARM);
  /** Slots that were ever taken; the rest of the typed arrays is memory that nobody touched yet. */
  #used = 0;
  #free = NONE;

  /**
   * `salt` randomizes the buckets; `onForget` is called with a slot that is about to change hands. Of
   * the `capacity`, a quarter is kept from sources that knocked more than once: else a forger who sends two
   * probes from each address would leave no place in which a new scanner could be noticed.
   */
  constructor(
    salt: number,
    networks: SourceNetworks,
    onForget: (slot: number) => void,
    capacity = MAX_SOURCES,
  ) {
    this.records = new SourceRecords(capacity);
    this.#capacity = capacity;
    this.#known = Math.floor((capacity / 4) * 3);
    this.#salt = salt;
    this.#networks = networks;
    this.#buckets = new Int32Array(2 ** Math.ceil(Math.log2(capacity * 2))).fill(NONE);
    this.#chain = new Int32Array(capacity);
    this.#lists = new SlotLists(capacity, LEAVING_ORDER.length);
    this.#onForget = onForget;
    this.#passing = new Source(this.records, 0, networks);
  }

  get size(): number {
    return LEAVING_ORDER.reduce((sum, list) => sum + this.#lists.size(list), 0);
  }

  /** The slot of this address, or of the network that it counts for; -1 when it is not tracked. */
  find(address: Address): number {
    const key = this.#networks.keyOf(address);
    let slot = this.#buckets[this.#bucketOf(key)] as number;
    if (key !== address) return this.#findNetwork(slot, key);
    while (slot !== NONE && !this.records.isAt(slot, address)) slot = this.#chain[slot] as number;
    return slot;
  }

  /** The slot of the probe's source, a new one if it has none, in the order of those seen at its time. */
  touch(probe: Probe): number {
    const slot = this.find(probe.source);
    if (slot === NONE) return this.#insert(probe.source);
    this.#touchKnown(slot, probe);
    return slot;
  }

  /**
   * Reads ahead what `touch` and `count` will need of `count` probes: three loops of independent reads, which the
   * processor overlaps, where one probe after the other would wait for memory three times. The sum is of no use.
   */
  warm(probes: readonly Probe[], count: number): number {
    const slots = this.#warmSlots;
    let sum = 0;
    for (let index = 0; index < count; index++) {
      const probe = probes[index] as Probe;
      slots[index] = this.#buckets[this.#bucketOf(this.#networks.keyOf(probe.source))] as number;
    }
    for (let index = 0; index < count; index++) {
      const slot = slots[index] as number;
      if (slot !== NONE) sum ^= this.records.warm(slot);
    }
    for (let index = 0; index < count; index++) {
      const slot = slots[index] as number;
      if (slot !== NONE) sum ^= this.records.warmPort(slot, probes[index] as Probe);
    }
    return sum;
  }

  /** What is known of the slot's source. */
  source(slot: number): Source {
    let source = this.#sources[slot];
    if (source === undefined) {
      source = new Source(this.records, slot, this.#networks);
      this.#sources[slot] = source;
    }
    return source;
  }

  /** The same for a moment, until the next call: of a source that nobody has asked for, nothing is made to stay. */
  glance(slot: number): Source {
    return this.#sources[slot] ?? this.#passing.turnTo(slot);
  }

  /** Calls `each` with the slots of active sources that were last seen before `time` (ms); they are quiet then. */
  quieten(time: number, each: (slot: number) => void): void {
    for (const [active, quiet] of [
      [ACTIVE_ONCE, QUIET_ONCE],
      [ACTIVE_KNOWN, QUIET_KNOWN],
    ] as const) {
      for (;;) {
        const slot = this.#lists.head(active);
        if (slot === NONE || this.records.lastSeen(slot) >= time) break;
        each(slot);
        this.#lists.touch(slot, quiet);
      }
    }
  }

  /** To be called when other addresses count as one source: of several that do so now, one will go on. */
  regroup(): void {
    this.#buckets.fill(NONE);
    this.records.forgetSeveral();
    const address = new Address();
    for (let slot = 0; slot < this.#used; slot++) {
      if (this.#lists.listOf(slot) === NONE) continue;
      this.records.readAddress(slot, address);
      this.#enchain(slot, this.#bucketOf(this.#networks.keyOf(address)));
    }
  }

  /** Forgets every source, in the order in which they would have left. */
  clear(): void {
    for (const list of LEAVING_ORDER) {
      while (this.#lists.head(list) !== NONE) this.#release(this.#lists.head(list));
    }
  }

  /** The first slot of the chain that begins with `first` whose address is in the network. */
  #findNetwork(first: number, network: Address): number {
    const { mask } = this.#networks;
    let slot = first;
    while (slot !== NONE && !this.records.isIn(slot, network, mask)) slot = this.#chain[slot] as number;
    return slot;
  }

  #insert(address: Address): number {
    const slot = this.#takeSlot();
    this.#enchain(slot, this.#bucketOf(this.#networks.keyOf(address)));
    this.#lists.touch(slot, ACTIVE_ONCE);
    this.records.reset(slot, address);
    this.#sources[slot]?.reset();
    return slot;
  }

  #takeSlot(): number {
    if (this.#free === NONE && this.#used < this.#capacity) return this.#used++;
    if (this.#free === NONE) this.#release(this.#firstOf(LEAVING_ORDER));
    const slot = this.#free;
    this.#free = this.#chain[slot] as number;
    return slot;
  }

  /** A source that goes on is put at the end of its list once in a span of time, not at each probe. */
  #touchKnown(slot: number, probe: Probe): void {
    const list = this.#lists.listOf(slot);
    if (list === ACTIVE_KNOWN && this.records.isSameSpan(slot, probe)) return;
    const isKnown = list === ACTIVE_KNOWN || list === QUIET_KNOWN;
    if (!isKnown && this.#lists.size(ACTIVE_KNOWN) + this.#lists.size(QUIET_KNOWN) >= this.#known) {
      this.#release(this.#firstOf([QUIET_KNOWN, ACTIVE_KNOWN]));
    }
    this.#lists.touch(slot, ACTIVE_KNOWN);
  }

  /** The slot that leaves first of the lists, which are not all empty. */
  #firstOf(order: readonly number[]): number {
    for (const list of order) {
      if (this.#lists.head(list) !== NONE) return this.#lists.head(list);
    }
    throw new Error('no source can leave an empty table');
  }

  /** Takes the slot out of its bucket and its list; free slots are chained to one another. */
  #release(slot: number): void {
    this.#onForget(slot);
    this.records.readAddress(slot, this.#leaving);
    this.#unchain(slot, this.#bucketOf(this.#networks.keyOf(this.#leaving)));
    this.#lists.remove(slot);
    this.#chain[slot] = this.#free;
    this.#free = slot;
  }

  #enchain(slot: number, bucket: number): void {
    this.#chain[slot] = this.#buckets[bucket] as number;
    this.#buckets[bucket] = slot;
  }

  #unchain(slot: number, bucket: number): void {
    if (this.#buckets[bucket] === slot) {
      this.#buckets[bucket] = this.#chain[slot] as number;
      return;
    }
    let before = this.#buckets[bucket] as number;
    while (this.#chain[before] !== slot) before = this.#chain[before] as number;
    this.#chain[before] = this.#chain[slot] as number;
  }

  #bucketOf(key: Address): number {
    return hashAddress(key, this.#salt) & (this.#buckets.length - 1);
  }
}
