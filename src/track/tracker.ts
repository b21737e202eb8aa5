import type { Probe } from '../classify/probe.ts';
import type { Address } from '../net/address.ts';
import type { Source } from './source.ts';
import { SourceNetworks } from './source-networks.ts';
import { SourceTable } from './source-table.ts';

/** A source that was quiet for this long (ms) has ended its scan: the sum is told (design, section 7). */
export const SCAN_QUIET = 300_000;

/** How often (ms of the packets' time) the table is swept for scans that have ended. */
const SWEEP_INTERVAL = 1_000;

/**
 * Ports and addresses up to which a scan that was told stays open until SCAN_WINDOW is over: what comes then belongs
 * to it. A larger one that comes again is another scan.
 */
const FEW_PLACES = 8;

/** A source that comes back after a pause is waited for so many times as long before its scan is over. */
const PATIENCE = 3;

/** How often (ms) scans with such pauses are looked through. */
const SLOW_SWEEP_INTERVAL = 30_000;

/** What may change when the configuration is read again. */
export interface TrackerLimits {
  /** SCAN_TRIGGER: connects that are allowed before the alarm. */
  readonly trigger: number;
  /** SCAN_WINDOW in ms: connects add up until a source has been quiet for so long; 0 is for ever. */
  readonly window: number;
  /** BLOCK_IPV6_PREFIX: IPv6 addresses with so many equal bits, 32 to 128, are one source. */
  readonly ipv6Prefix: number;
}

export interface TrackerOptions extends TrackerLimits {
  /** Randomizes the table's buckets; what is counted does not depend on it. */
  readonly salt: number;
  /** Gets each source whose scan is over, before its sums are forgotten. */
  readonly onScanEnd: (source: Source) => void;
  /** Sources tracked at a time; the default bound when not said. */
  readonly capacity?: number | undefined;
}

/** How many so far? Counts the probes of each source against SCAN_TRIGGER, in the packets' own time. */
export class Tracker {
  readonly #table: SourceTable;
  readonly #networks: SourceNetworks;
  readonly #onScanEnd: (source: Source) => void;
  #trigger: number;
  #window: number;
  #lastSweep = 0;
  #lastSlowSweep = 0;
  /** The longest pause (ms) of scans that went on after they had seemed to be over, by slot. */
  readonly #pauses = new Map<number, number>();
  #slot = 0;

  constructor({ trigger, window, ipv6Prefix, salt, onScanEnd, capacity }: TrackerOptions) {
    this.#trigger = trigger;
    this.#window = window;
    this.#onScanEnd = onScanEnd;
    this.#networks = new SourceNetworks(ipv6Prefix);
    this.#table = new SourceTable(salt, this.#networks, (slot) => this.#forget(slot), capacity);
  }

  /** Sources that are tracked now. */
  get size(): number {
    return this.#table.size;
  }

  // Of the probe observed last.

  /** Its source; made on demand, for few are ever looked at. */
  get source(): Source {
    return this.#table.source(this.#slot);
  }

  /** It was the same attempt again, which makes no new connect. */
  get repeat(): boolean {
    return this.#table.records.repeat;
  }

  /** Its source had not knocked on this port before. */
  get newPort(): boolean {
    return this.#table.records.newPort;
  }

  /** Its source has made more connects than SCAN_TRIGGER allows. */
  get triggered(): boolean {
    return this.#table.records.connects(this.#slot) > this.#trigger;
  }

  /** New limits after the configuration was read again; what was counted stays. */
  configure({ trigger, window, ipv6Prefix }: TrackerLimits): void {
    this.#trigger = trigger;
    this.#window = window;
    if (this.#networks.setLength(ipv6Prefix)) this.#table.regroup();
  }

  /** This host has these addresses now: others in their IPv6 networks are neighbours, each a source of its own. */
  setOwn(addresses: readonly Address[]): void {
    if (this.#networks.setOwn(addresses)) this.#table.regroup();
  }

  /** What tells the address's source: itself, or its network in an object that the next call writes anew. */
  keyOf(address: Address): Address {
    return this.#networks.keyOf(address);
  }

  /** The source that this address is of; undefined when it is not tracked. */
  get(address: Address): Source | undefined {
    const slot = this.#table.find(address);
    return slot < 0 ? undefined : this.#table.source(slot);
  }

  /**
   * Reads ahead for the first `count` probes, at most MAX_WARM, that `observe` will get next. Changes nothing; the
   * value only keeps the reads from being optimized away.
   */
  warm(probes: readonly Probe[], count: number): number {
    return this.#table.warm(probes, count);
  }

  /** Counts one probe. */
  observe(probe: Probe): void {
    const now = probe.time;
    if (Math.abs(now - this.#lastSweep) >= SWEEP_INTERVAL) this.sweep(now);
    const { records } = this.#table;
    this.#slot = this.#table.touch(probe);
    if (records.wasQuiet(this.#slot, probe, SCAN_QUIET)) this.#resume(this.#slot, probe);
    if (this.#window > 0 && records.wasQuiet(this.#slot, probe, this.#window)) this.#forgetConnects();
    records.count(this.#slot, probe);
  }

  /** Ends the scans of sources that have gone quiet by `now` (ms). */
  sweep(now: number): void {
    this.#lastSweep = now;
    this.#table.quieten(now - SCAN_QUIET, (slot) => {
      if (!this.#pauses.has(slot)) this.#rest(slot);
    });
    if (Math.abs(now - this.#lastSlowSweep) < SLOW_SWEEP_INTERVAL) return;
    this.#lastSlowSweep = now;
    for (const [slot, pause] of this.#pauses) {
      if (now - this.#table.records.lastSeen(slot) > this.#patienceAfter(pause)) this.#rest(slot);
    }
  }

  /** Ends every scan and forgets every source. */
  close(): void {
    this.#table.clear();
  }

  /** Quiet for SCAN_WINDOW: connects add up from none, and what was said of the source is said again. */
  #forgetConnects(): void {
    const { records } = this.#table;
    if (records.lastSeen(this.#slot) === 0) return;
    records.forgetConnects(this.#slot);
    this.source.told.reset();
  }

  /** The source comes back: its scan goes on, unless so much was told or it was so long ago that a new one begins. */
  #resume(slot: number, { time }: Probe): void {
    if (this.#table.records.probes(slot) === 0) return;
    const quiet = time - this.#table.records.lastSeen(slot);
    if (this.#window > 0 && quiet >= this.#window) this.#forget(slot);
    else this.#pauses.set(slot, Math.max(quiet, this.#pauses.get(slot) ?? 0));
  }

  /** How long (ms) a scan with such a pause is waited for. */
  #patienceAfter(pause: number): number {
    return this.#window > 0 ? Math.min(PATIENCE * pause, this.#window) : PATIENCE * pause;
  }

  /** The source is quiet: its scan is told, and over unless it was small or slow. */
  #rest(slot: number): void {
    const { records } = this.#table;
    const isSlow = this.#pauses.delete(slot);
    this.#tell(slot, this.#table.source(slot));
    const places = Math.max(records.ports(slot), records.targets(slot));
    if (!isSlow && places > FEW_PLACES) this.#endScan(slot);
  }

  #forget(slot: number): void {
    this.#pauses.delete(slot);
    this.#tell(slot, this.#table.glance(slot));
    this.#endScan(slot);
  }

  #tell(slot: number, source: Source): void {
    const probes = this.#table.records.probes(slot);
    if (probes === 0) return;
    if (source.marks.toldProbes === probes) return;
    this.#onScanEnd(source);
    source.marks.toldProbes = probes;
    source.told.endScan();
  }

  #endScan(slot: number): void {
    const { records } = this.#table;
    if (records.probes(slot) === 0) return;
    this.#table.glance(slot).marks.reset();
    records.endScan(slot);
  }
}
