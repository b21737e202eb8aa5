import type { Probe } from '../classify/probe.ts';
import type { Address } from '../net/address.ts';
import type { Source } from './source.ts';
import { SourceTable } from './source-table.ts';

/** A source that was quiet for this long (ms) has ended its scan: the sum is told (design, section 7). */
export const SCAN_QUIET = 300_000;

/** How often (ms of the packets' time) the table is swept for scans that have ended. */
const SWEEP_INTERVAL = 1_000;

export interface TrackerOptions {
  /** SCAN_TRIGGER: connects that are allowed before the alarm. */
  readonly trigger: number;
  /** SCAN_WINDOW in ms: how long connects add up. */
  readonly window: number;
  /** Randomizes the table's buckets; fixed in a replay. */
  readonly salt: number;
  /** Gets each source whose scan is over, before its sums are forgotten. */
  readonly onScanEnd: (source: Source) => void;
  /** Sources tracked at a time; the default bound when not said. */
  readonly capacity?: number;
}

/** How many so far? Counts the probes of each source against SCAN_TRIGGER, in the packets' own time. */
export class Tracker {
  /** Whether the probe counted last was the same attempt again, which makes no new connect. */
  repeat = false;
  #trigger: number;
  #window: number;
  readonly #table: SourceTable;
  readonly #onScanEnd: (source: Source) => void;
  #lastSweep = 0;

  constructor({ trigger, window, salt, onScanEnd, capacity }: TrackerOptions) {
    this.#trigger = trigger;
    this.#window = window;
    this.#onScanEnd = onScanEnd;
    this.#table = new SourceTable(salt, (source) => this.#endScan(source), capacity);
  }

  /** Sources that are tracked now. */
  get size(): number {
    return this.#table.size;
  }

  /** New limits after the configuration was read again; what was counted stays. */
  configure(trigger: number, window: number): void {
    this.#trigger = trigger;
    this.#window = window;
  }

  get(address: Address): Source | undefined {
    return this.#table.get(address);
  }

  /** Counts one probe and returns its source; sets `repeat`. */
  observe(probe: Probe): Source {
    const now = probe.time;
    if (Math.abs(now - this.#lastSweep) >= SWEEP_INTERVAL) this.sweep(now);
    const source = this.#table.touch(probe.source);
    if (now - source.lastSeen >= this.#window) source.forgetConnects();
    this.repeat = source.count(probe, this.#table.budget);
    source.triggered = source.connects > this.#trigger;
    return source;
  }

  /** Ends the scans of sources that have gone quiet by `now` (ms). */
  sweep(now: number): void {
    this.#lastSweep = now;
    this.#table.quieten(now - SCAN_QUIET, (source) => this.#endScan(source));
  }

  /** Ends every scan and forgets every source. */
  close(): void {
    this.#table.clear();
  }

  #endScan(source: Source): void {
    if (source.probes === 0) return;
    this.#onScanEnd(source);
    source.endScan(this.#table.budget);
  }
}
