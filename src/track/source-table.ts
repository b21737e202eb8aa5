import type { Probe } from '../classify/probe.ts';
import { Address } from '../net/address.ts';
import { hashAddress } from '../net/hash.ts';
import { Members } from './members.ts';
import { SlotLists } from './slot-lists.ts';
import { Source } from './source.ts';
import type { SourceNetworks } from './source-networks.ts';
import { SourceRecords } from './source-records.ts';
import { SourceState } from './source-state.ts';

/**
 * Sources tracked at a time. An attacker who forges addresses fills it with one-probe sources in seconds. They evict
 * each other, and never a source that has probed more than once.
 */
export const MAX_SOURCES = 65_536;

/** No slot. */
const NONE = -1;

/** Lists of sources seen once and of known ones, each divided by whether the scan was reported since it went quiet. */
const QUIET_ONCE = 0;
const ACTIVE_ONCE = 1;
const QUIET_KNOWN = 2;
const ACTIVE_KNOWN = 3;
/** When the table is full, the first of these lists that is not empty loses the source seen longest ago. */
const LEAVING_ORDER = [QUIET_ONCE, ACTIVE_ONCE, QUIET_KNOWN, ACTIVE_KNOWN];

/** The most probes to read ahead for: as many as fit into the first-level cache with their addresses. */
export const MAX_PREFETCH = 64;

/** The bounded table of sources: a chained hash over numbered slots, and lists that decide which source is evicted. */
export class SourceTable {
  readonly records: SourceRecords;
  readonly members: Members;
  readonly state: SourceState;
  readonly #capacity: number;
  readonly #known: number;
  readonly #salt: number;
  readonly networks: SourceNetworks;
  readonly #buckets: Int32Array;
  readonly #chain: Int32Array;
  readonly #lists: SlotLists;
  readonly #onForget: (slot: number) => void;
  readonly #leaving = new Address();
  readonly #prefetchSlots = new Int32Array(MAX_PREFETCH);
  /** Slots ever taken; the rest of the typed arrays is untouched memory. */
  #used = 0;
  #free = NONE;

  /**
   * `salt` randomizes the buckets; `onForget` is called with a slot that is about to change hands. A quarter of
   * `capacity` is reserved for sources seen once. Otherwise an attacker who sends two probes from each forged address
   * would leave no slot in which a new scanner could be noticed.
   */
  constructor(
    salt: number,
    networks: SourceNetworks,
    onForget: (slot: number) => void,
    capacity = MAX_SOURCES,
  ) {
    this.records = new SourceRecords(capacity, salt);
    this.members = new Members(capacity);
    this.state = new SourceState(capacity);
    this.#capacity = capacity;
    this.#known = Math.floor((capacity / 4) * 3);
    this.#salt = salt;
    this.networks = networks;
    this.#buckets = new Int32Array(2 ** Math.ceil(Math.log2(capacity * 2))).fill(NONE);
    this.#chain = new Int32Array(capacity);
    this.#lists = new SlotLists(capacity, LEAVING_ORDER.length);
    this.#onForget = onForget;
  }

  get size(): number {
    return LEAVING_ORDER.reduce((sum, list) => sum + this.#lists.size(list), 0);
  }

  /** All slots that ever had a source are below this one. */
  get usedSlots(): number {
    return this.#used;
  }

  /** Whether the slot has a source. */
  isTaken(slot: number): boolean {
    return this.#lists.listOf(slot) !== NONE;
  }

  /** The slot of the address or its network; -1 when it is not tracked. */
  find(address: Address): number {
    const key = this.networks.keyOf(address);
    let slot = this.#buckets[this.#bucketOf(key)] as number;
    if (key !== address) return this.#findNetwork(slot, key);
    while (slot !== NONE && !this.records.isAt(slot, address)) slot = this.#chain[slot] as number;
    return slot;
  }

  /** The slot of the probe's source, a new one if necessary, moved to the end of its list. */
  touch(probe: Probe): number {
    const slot = this.find(probe.source);
    if (slot === NONE) return this.#insert(probe.source);
    this.#touchKnown(slot, probe);
    return slot;
  }

  /**
   * Reads ahead for `touch` and `count` of `count` probes. The processor overlaps the independent reads of each of
   * three loops; one probe after another would wait for memory three times. The sum is meaningless.
   */
  prefetch(probes: readonly Probe[], count: number): number {
    const slots = this.#prefetchSlots;
    let sum = 0;
    for (let index = 0; index < count; index++) {
      const probe = probes[index] as Probe;
      slots[index] = this.#buckets[this.#bucketOf(this.networks.keyOf(probe.source))] as number;
    }
    for (let index = 0; index < count; index++) {
      const slot = slots[index] as number;
      if (slot !== NONE) sum ^= this.records.prefetch(slot);
    }
    if (!this.records.remembersAttempts) return sum;
    for (let index = 0; index < count; index++) {
      const slot = slots[index] as number;
      if (slot !== NONE) sum ^= this.records.prefetchPort(slot, probes[index] as Probe);
    }
    return sum;
  }

  /** The slot's source. */
  source(slot: number): Source {
    return new Source(this, slot);
  }

  /** Calls `each` with the slots of active sources last seen before `time` (ms), and makes them quiet. */
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

  /** Call this when other addresses count as one source. Of several sources that become one, one continues. */
  regroup(): void {
    this.#buckets.fill(NONE);
    this.records.forgetSeveralAddresses();
    const address = new Address();
    for (let slot = 0; slot < this.#used; slot++) {
      if (this.#lists.listOf(slot) === NONE) continue;
      this.records.readAddress(slot, address);
      this.#link(slot, this.#bucketOf(this.networks.keyOf(address)));
    }
  }

  /** Forgets every source, in the order of eviction. */
  clear(): void {
    for (const list of LEAVING_ORDER) {
      while (this.#lists.head(list) !== NONE) this.#release(this.#lists.head(list));
    }
  }

  /** The first slot in the chain from `first` whose address is in the network. */
  #findNetwork(first: number, network: Address): number {
    const { mask } = this.networks;
    let slot = first;
    while (slot !== NONE && !this.records.isIn(slot, network, mask)) slot = this.#chain[slot] as number;
    return slot;
  }

  #insert(address: Address): number {
    const slot = this.#takeSlot();
    this.#link(slot, this.#bucketOf(this.networks.keyOf(address)));
    this.#lists.touch(slot, ACTIVE_ONCE);
    this.records.reset(slot, address);
    this.state.reset(slot);
    return slot;
  }

  #takeSlot(): number {
    if (this.#free === NONE && this.#used < this.#capacity) return this.#used++;
    if (this.#free === NONE) this.#release(this.#firstOf(LEAVING_ORDER));
    const slot = this.#free;
    this.#free = this.#chain[slot] as number;
    return slot;
  }

  /** Moves an active known source to the end of its list once in a span of time, not at each probe. */
  #touchKnown(slot: number, probe: Probe): void {
    const list = this.#lists.listOf(slot);
    if (list === ACTIVE_KNOWN && this.records.isSameSpan(slot, probe)) return;
    const isKnown = list === ACTIVE_KNOWN || list === QUIET_KNOWN;
    if (!isKnown && this.#lists.size(ACTIVE_KNOWN) + this.#lists.size(QUIET_KNOWN) >= this.#known) {
      this.#release(this.#firstOf([QUIET_KNOWN, ACTIVE_KNOWN]));
    }
    this.#lists.touch(slot, ACTIVE_KNOWN);
  }

  /** The slot evicted first from the lists, which are not all empty. */
  #firstOf(order: readonly number[]): number {
    for (const list of order) {
      if (this.#lists.head(list) !== NONE) return this.#lists.head(list);
    }
    throw new Error('no source can leave an empty table');
  }

  /** Removes the slot from its bucket and its list; free slots are chained to one another. */
  #release(slot: number): void {
    this.#onForget(slot);
    this.records.readAddress(slot, this.#leaving);
    this.#unlink(slot, this.#bucketOf(this.networks.keyOf(this.#leaving)));
    this.#lists.remove(slot);
    this.#chain[slot] = this.#free;
    this.#free = slot;
  }

  #link(slot: number, bucket: number): void {
    this.#chain[slot] = this.#buckets[bucket] as number;
    this.#buckets[bucket] = slot;
  }

  #unlink(slot: number, bucket: number): void {
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
