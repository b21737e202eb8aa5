import type { Probe } from '../classify/probe.ts';
import type { Address } from '../net/address.ts';
import type { Source } from './source.ts';
import { SourceNetworks } from './source-networks.ts';
import { SourceTable } from './source-table.ts';

/** A source that was quiet for this long has ended its scan, which is then reported. */
export const SCAN_QUIET_MS = 300_000;

/** The table is swept for ended scans this often, in the packets' time. */
const SWEEP_INTERVAL_MS = 1_000;

/**
 * A reported scan of up to this many steps (ports or addresses) stays open until SCAN_WINDOW ends: later probes
 * belong to it. After a larger scan, later probes begin another.
 */
const SMALL_SCAN_STEPS = 8;

/** After a pause, the tracker waits for a source this many times as long before its scan is over. */
const PATIENCE = 3;

/** Scans with such pauses are checked this often. */
const SLOW_SWEEP_INTERVAL_MS = 30_000;

/** The settings that a reload of the configuration may change. */
export interface TrackerLimits {
  /** SCAN_TRIGGER: the number of connects allowed before the alarm. */
  readonly trigger: number;
  /** SCAN_WINDOW: connects add up until a source has been quiet for this long; 0 means forever. */
  readonly windowMs: number;
  /** BLOCK_IPV6_PREFIX: IPv6 addresses with this many equal leading bits, 32 to 128, are one source. */
  readonly ipv6Prefix: number;
}

/** The limits and the fixed options of a tracker. */
export interface TrackerOptions extends TrackerLimits {
  /** Randomizes the table's buckets; the counts do not depend on it. */
  readonly salt: number;
  /** Gets each source whose scan is over, before its numbers are forgotten. */
  readonly onScanEnd: (source: Source) => void;
  /** Sources tracked at a time; MAX_SOURCES by default. */
  readonly capacity?: number | undefined;
}

/** Counts the probes of each source against SCAN_TRIGGER, in the packets' own time. */
export class Tracker {
  readonly #table: SourceTable;
  readonly #networks: SourceNetworks;
  readonly #onScanEnd: (source: Source) => void;
  #trigger: number;
  #windowMs: number;
  #lastSweep = 0;
  #lastSlowSweep = 0;
  /** The longest pause of scans that continued after they seemed to be over, by slot. */
  readonly #pausesMs = new Map<number, number>();
  #slot = 0;

  constructor({ trigger, windowMs, ipv6Prefix, salt, onScanEnd, capacity }: TrackerOptions) {
    this.#trigger = trigger;
    this.#windowMs = windowMs;
    this.#onScanEnd = onScanEnd;
    this.#networks = new SourceNetworks(ipv6Prefix);
    this.#table = new SourceTable(salt, this.#networks, (slot) => this.#forget(slot), capacity);
  }

  /** The sources by slot. */
  get table(): SourceTable {
    return this.#table;
  }

  /** The number of sources tracked now. */
  get size(): number {
    return this.#table.size;
  }

  // About the probe observed last.

  /** Its source; made on demand, because few are ever looked at. */
  get source(): Source {
    return this.#table.source(this.#slot);
  }

  /** Whether repeated attempts are told from new ones; else each probe is a connect. */
  set remembersAttempts(remembers: boolean) {
    this.#table.records.remembersAttempts = remembers;
  }

  /** Its source's slot in the table. */
  get slot(): number {
    return this.#slot;
  }

  /** It repeated an attempt, which makes no new connect. */
  get repeat(): boolean {
    return this.#table.records.repeat;
  }

  /** Its source had not probed this port before. */
  get newPort(): boolean {
    return this.#table.records.newPort;
  }

  /** Its source has made more connects than SCAN_TRIGGER allows. */
  get triggered(): boolean {
    return this.#table.records.connects(this.#slot) > this.#trigger;
  }

  /** Sets new limits; what was counted stays. */
  configure({ trigger, windowMs, ipv6Prefix }: TrackerLimits): void {
    this.#trigger = trigger;
    this.#windowMs = windowMs;
    if (this.#networks.setLength(ipv6Prefix)) this.#table.regroup();
  }

  /** Sets this host's addresses. Other addresses in their IPv6 networks are neighbours, each a separate source. */
  setOwn(addresses: readonly Address[]): void {
    if (this.#networks.setOwn(addresses)) this.#table.regroup();
  }

  /** The key of the address's source: the address itself, or its network in an object that the next call overwrites. */
  keyOf(address: Address): Address {
    return this.#networks.keyOf(address);
  }

  /** The source of the address; undefined when it is not tracked. */
  get(address: Address): Source | undefined {
    const slot = this.#table.find(address);
    return slot < 0 ? undefined : this.#table.source(slot);
  }

  /**
   * Reads ahead for the first `count` probes, at most MAX_PREFETCH, that `observe` will get next. Changes nothing;
   * the value only keeps the reads from being optimized away.
   */
  prefetch(probes: readonly Probe[], count: number): number {
    return this.#table.prefetch(probes, count);
  }

  /** Counts one probe. */
  observe(probe: Probe): void {
    const now = probe.time;
    if (Math.abs(now - this.#lastSweep) >= SWEEP_INTERVAL_MS) this.sweep(now);
    const { records } = this.#table;
    this.#slot = this.#table.touch(probe);
    if (records.wasQuiet(this.#slot, probe, SCAN_QUIET_MS)) this.#resume(this.#slot, probe);
    if (this.#windowMs > 0 && records.wasQuiet(this.#slot, probe, this.#windowMs)) this.#forgetConnects();
    records.count(this.#slot, probe);
  }

  /** Ends the scans of sources that are quiet by `now` (ms). */
  sweep(now: number): void {
    this.#lastSweep = now;
    this.#table.quieten(now - SCAN_QUIET_MS, (slot) => {
      if (!this.#pausesMs.has(slot)) this.#endQuiet(slot);
    });
    if (Math.abs(now - this.#lastSlowSweep) < SLOW_SWEEP_INTERVAL_MS) return;
    this.#lastSlowSweep = now;
    for (const [slot, pauseMs] of this.#pausesMs) {
      if (now - this.#table.records.lastSeen(slot) > this.#patienceMsAfter(pauseMs)) this.#endQuiet(slot);
    }
  }

  /** Ends every scan and forgets every source. */
  close(): void {
    this.#table.clear();
  }

  /** The source was quiet for SCAN_WINDOW: counts connects from zero, and reports everything again. */
  #forgetConnects(): void {
    const { records } = this.#table;
    if (records.lastSeen(this.#slot) === 0) return;
    records.forgetConnects(this.#slot);
    this.source.reported.reset();
  }

  /** The source is back: its scan continues, unless SCAN_WINDOW has passed. */
  #resume(slot: number, { time }: Probe): void {
    if (this.#table.records.probes(slot) === 0) return;
    const quietMs = time - this.#table.records.lastSeen(slot);
    if (this.#windowMs > 0 && quietMs >= this.#windowMs) this.#forget(slot);
    else this.#pausesMs.set(slot, Math.max(quietMs, this.#pausesMs.get(slot) ?? 0));
  }

  /** How long to wait for a scan with such a pause. */
  #patienceMsAfter(pauseMs: number): number {
    return this.#windowMs > 0 ? Math.min(PATIENCE * pauseMs, this.#windowMs) : PATIENCE * pauseMs;
  }

  /** The source is quiet: reports its scan, and ends it unless it was small or slow. */
  #endQuiet(slot: number): void {
    const { records } = this.#table;
    const isSlow = this.#pausesMs.delete(slot);
    this.#report(slot);
    this.#table.source(slot).marks.reportedProbes = records.probes(slot);
    const steps = Math.max(records.ports(slot), records.targets(slot));
    if (!isSlow && steps > SMALL_SCAN_STEPS) this.#endScan(slot);
  }

  #forget(slot: number): void {
    this.#pausesMs.delete(slot);
    this.#report(slot);
    this.#endScan(slot);
  }

  /** Reports the scan if the source has probed since it was last reported. */
  #report(slot: number): void {
    const probes = this.#table.records.probes(slot);
    const source = this.#table.source(slot);
    if (probes === 0 || probes === source.marks.reportedProbes) return;
    this.#onScanEnd(source);
    source.reported.endScan();
  }

  #endScan(slot: number): void {
    const { records } = this.#table;
    if (records.probes(slot) === 0) return;
    this.#table.source(slot).marks.reset();
    this.#table.members.reset(slot);
    records.endScan(slot);
  }
}
