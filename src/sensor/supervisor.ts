import { type CapturePlan, EXIT_NO_PERMISSION } from './child-plan.ts';
import { namesOfLacks } from './lacks.ts';
import { SensorProcess } from './sensor-process.ts';

/**
 * The first restart is immediate. Further ones wait; the pause begins at the first value and doubles up to the second.
 */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 3_000;

/** After a sensor that lived this long, the next restart is immediate again. */
const WELL_AFTER_MS = 5_000;

/**
 * A sensor gives a sign of life each second. How often one is looked for, and after how many looks without one the sensor
 * is replaced: it is known after 4 s at most. The looks count, and not the time, because a main process that was held up
 * has not looked.
 */
const LOOK_INTERVAL_MS = 500;
const MAX_SILENT_LOOKS = 7;

/** A sensor that has not opened its devices after these looks is replaced; long filters take seconds to compile. */
const MAX_STARTING_LOOKS = 40;

/** What a supervisor asks, and where it reports to. */
export interface SupervisorHandlers {
  /** What to capture now; null when there is no device to capture on. */
  plan(): CapturePlan | null;
  /** `length` octets of whole records of the sensor with this number; resolves when more may come. */
  records(view: DataView, length: number, sensor: number): Promise<void>;
  /** Every device of the plan is open. */
  ready(plan: CapturePlan): void;
  /** A record about a sensor itself cannot be true. */
  refused(): void;
  /** A sensor ended without being asked to, and all its records are read: forget what it said of this host. */
  died(): void;
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
  /** Sensors that died, and left records in their pipes. */
  readonly #dead = new Set<SensorProcess>();
  #lookTimer: NodeJS.Timeout | null = null;
  #silentLooks = 0;
  #startingLooks = 0;
  #process: SensorSummary = { account: null, lacks: [], died: 0 };

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

  /** Whether a sensor captures now, and has given a sign of life. */
  get isCapturing(): boolean {
    return this.#current !== null && this.#silentLooks < MAX_SILENT_LOOKS;
  }

  /** What the last sensor runs as, and how many have died. */
  get process(): SensorSummary {
    return this.#process;
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
    if (this.#lookTimer !== null) clearInterval(this.#lookTimer);
    if (this.#running.size === 0) return;
    const gone = new Promise<void>((resolve) => {
      this.#whenAllEnded = resolve;
    });
    for (const sensor of this.#running) sensor.end();
    await gone;
  }

  #start(plan: CapturePlan): void {
    const number = ++this.#lastNumber;
    this.#lookTimer ??= setInterval(() => this.#look(), LOOK_INTERVAL_MS);
    this.#startingLooks = 0;
    const sensor = new SensorProcess(plan, this.#now(), {
      records: (view, length) => this.#handlers.records(view, length, number),
      ready: (lacks) => this.#takeOver(sensor, plan, lacks),
      refused: () => this.#handlers.refused(),
      drained: () => {
        if (this.#dead.delete(sensor)) this.#handlers.died();
      },
      ended: (code, reason) => this.#ended(sensor, code, reason),
    });
    this.#next = sensor;
    this.#running.add(sensor);
  }

  /** Replaces a sensor that is stopped or hangs. */
  #look(): void {
    const [current, next] = [this.#current, this.#next];
    if (current?.takeSign()) this.#silentLooks = 0;
    else if (current !== null && ++this.#silentLooks === MAX_SILENT_LOOKS)
      current.kill(`it gave no sign of life for ${(MAX_SILENT_LOOKS * LOOK_INTERVAL_MS) / 1_000} s`);
    if (next !== null && ++this.#startingLooks === MAX_STARTING_LOOKS)
      next.kill(`it was not ready after ${(MAX_STARTING_LOOKS * LOOK_INTERVAL_MS) / 1_000} s`);
  }

  #takeOver(sensor: SensorProcess, plan: CapturePlan, lacks: number): void {
    if (this.#next !== sensor) return;
    this.#next = null;
    const old = this.#current;
    this.#current = sensor;
    this.#silentLooks = 0;
    this.#process = { ...this.#process, account: sensor.account?.name ?? null, lacks: namesOfLacks(lacks) };
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
      this.#process = { ...this.#process, died: this.#process.died + 1 };
      this.#dead.add(sensor);
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

/** What a sensor's process has of what keeps it from harm. */
export interface SensorSummary {
  /** The user it gave up root for; null where the daemon is not root. */
  readonly account: string | null;
  /** What this host could not give it. */
  readonly lacks: readonly string[];
  /** How many sensors ended without being asked to. */
  readonly died: number;
}

function addCounts(into: Map<number, number>, counts: ReadonlyMap<number, number>): void {
  for (const [reason, count] of counts) into.set(reason, (into.get(reason) ?? 0) + count);
}
