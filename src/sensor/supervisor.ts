import { type ChildPlan, EXIT_NO_PERMISSION } from './child-plan.ts';
import { SensorProcess } from './sensor-process.ts';

/**
 * The first restart is immediate. Further ones wait; the pause begins at the first value and doubles up to the second.
 */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/** After a sensor that lived this long, the next restart is immediate again. */
const WELL_AFTER_MS = 5_000;

/** What a supervisor asks, and where it reports to. */
export interface SupervisorHandlers {
  /** What to capture now; null when there is no device to capture on. */
  plan(): ChildPlan | null;
  /** `length` octets of whole records of the sensor with this number; resolves when more may come. */
  records(view: DataView, length: number, sensor: number): Promise<void>;
  /** Every device of the plan is open. */
  ready(plan: ChildPlan): void;
  /** Capture stopped for this reason; the supervisor starts it again. */
  lost(reason: string): void;
  /** Capture could not start for this reason; the supervisor tries again until `close` is called. */
  failed(reason: string, permission: boolean): void;
  /** The same, while the old sensor still captures. */
  notRenewed(reason: string): void;
}

/**
 * Keeps capture going. It replaces a sensor that dies, the first time at once, then after a growing pause. `renew`
 * starts a sensor for a new plan while the old one still captures, and ends the old one when the new one has opened
 * every device, so that no packet is missed between them.
 */
export class SensorSupervisor {
  readonly #handlers: SupervisorHandlers;
  readonly #now: () => number;
  readonly #longestPauseMs: number;
  /** The sums over sensors that have ended. */
  readonly #pastCounts = new Map<number, number>();
  #current: SensorProcess | null = null;
  #next: SensorProcess | null = null;
  #lastNumber = 0;
  #pauseMs = 0;
  #timer: NodeJS.Timeout | null = null;
  #closed = false;
  #whenAllEnded: (() => void) | null = null;
  readonly #running = new Set<SensorProcess>();

  /** `now` is a monotonic clock in ms. */
  constructor(handlers: SupervisorHandlers, now: () => number, longestPauseMs = LONGEST_PAUSE_MS) {
    this.#handlers = handlers;
    this.#now = now;
    this.#longestPauseMs = longestPauseMs;
  }

  /** For how many frames decoding ended for each reason, over all sensors. */
  counts(): Map<number, number> {
    const counts = new Map(this.#pastCounts);
    for (const sensor of this.#running) addCounts(counts, sensor.counts);
    return counts;
  }

  /** Whether a sensor captures now. */
  get isCapturing(): boolean {
    return this.#current !== null;
  }

  /** Starts, or goes over to, a sensor for the current plan. */
  renew(): void {
    if (this.#closed) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const replaced = this.#next;
    this.#next = null;
    replaced?.end();
    const plan = this.#handlers.plan();
    if (plan === null) {
      const idle = this.#current;
      this.#current = null;
      idle?.end();
      return;
    }
    this.#start(plan);
  }

  /** Ends every sensor; resolves when they are gone. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#running.size === 0) return;
    const gone = new Promise<void>((resolve) => {
      this.#whenAllEnded = resolve;
    });
    for (const sensor of this.#running) sensor.end();
    await gone;
  }

  #start(plan: ChildPlan): void {
    const number = ++this.#lastNumber;
    const sensor = new SensorProcess(plan, this.#now(), {
      records: (view, length) => this.#handlers.records(view, length, number),
      ready: () => this.#takeOver(sensor, plan),
      ended: (code, reason) => this.#ended(sensor, code, reason),
    });
    this.#next = sensor;
    this.#running.add(sensor);
  }

  #takeOver(sensor: SensorProcess, plan: ChildPlan): void {
    if (this.#next !== sensor) return;
    this.#next = null;
    const old = this.#current;
    this.#current = sensor;
    old?.end();
    this.#handlers.ready(plan);
  }

  #ended(sensor: SensorProcess, code: number | null, reason: string): void {
    if (!this.#running.delete(sensor)) return;
    addCounts(this.#pastCounts, sensor.counts);
    if (this.#running.size === 0) this.#whenAllEnded?.();
    if (this.#closed) return;
    if (sensor === this.#current) {
      this.#current = null;
      this.#handlers.lost(reason);
      if (this.#now() - sensor.startedAt >= WELL_AFTER_MS) this.#pauseMs = 0;
      if (this.#next === null) this.#restart();
    } else if (sensor === this.#next) {
      this.#next = null;
      if (this.#current === null) this.#handlers.failed(reason, code === EXIT_NO_PERMISSION);
      else this.#handlers.notRenewed(reason);
      this.#restart();
    }
  }

  #restart(): void {
    if (this.#closed || this.#timer !== null) return;
    const pause = this.#pauseMs;
    this.#pauseMs = Math.min(this.#longestPauseMs, pause === 0 ? FIRST_PAUSE_MS : pause * 2);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.renew();
    }, pause);
  }
}

function addCounts(into: Map<number, number>, counts: ReadonlyMap<number, number>): void {
  for (const [reason, count] of counts) into.set(reason, (into.get(reason) ?? 0) + count);
}
