import { type ChildPlan, EXIT_NO_PERMISSION } from './child-plan.ts';
import { SupervisedChild } from './sensor-process.ts';

/** The first restart is at once; when that does not hold, the pause begins here and doubles (ms). */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 5_000;

/** A child that lived this long (ms) was well: the next restart is at once again. */
const WELL_AFTER = 5_000;

export interface CaptureHandlers {
  /** What to capture now; null when there is no device to capture on. */
  plan(): ChildPlan | null;
  /** Whole records, and the number of the process they come from; resolves when more may come. */
  records(view: DataView, length: number, child: number): Promise<void>;
  /** Every device of the plan is open. */
  ready(plan: ChildPlan): void;
  /** Capture stopped, and why; it is started again. */
  lost(reason: string): void;
  /** Capture could not be started, and why; it is tried again unless `close` is called. */
  failed(reason: string, permission: boolean): void;
  /** The same, while the old child still captures. */
  notRenewed(reason: string): void;
}

/**
 * Keeps capture going. A child that dies is replaced at once, then with a growing pause. `renew` starts a child
 * for a new plan while the old one still captures, and ends the old one when the new one has opened everything,
 * so that no packet falls between them.
 */
export class CaptureSupervisor {
  readonly #handlers: CaptureHandlers;
  readonly #now: () => number;
  /** Counts of children that are gone. */
  readonly #pastCounts = new Map<number, number>();
  #current: SupervisedChild | null = null;
  #next: SupervisedChild | null = null;
  #lastNumber = 0;
  #pause = 0;
  #timer: NodeJS.Timeout | null = null;
  #closed = false;
  #whenAllEnded: (() => void) | null = null;
  readonly #running = new Set<SupervisedChild>();

  /** `now` is a monotonic clock in ms. */
  constructor(handlers: CaptureHandlers, now: () => number) {
    this.#handlers = handlers;
    this.#now = now;
  }

  /** How many frames ended for each reason, over all children. */
  counts(): Map<number, number> {
    const counts = new Map(this.#pastCounts);
    for (const child of this.#running) addCounts(counts, child.counts);
    return counts;
  }

  /** Whether a child captures now. */
  get isCapturing(): boolean {
    return this.#current !== null;
  }

  /** The process of that child. */
  get pid(): number | undefined {
    return this.#current?.pid;
  }

  /** Starts, or goes over to, a child for what `plan` says now. */
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

  /** Ends every child; resolves when they are gone. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#running.size === 0) return;
    const gone = new Promise<void>((resolve) => {
      this.#whenAllEnded = resolve;
    });
    for (const child of this.#running) child.end();
    await gone;
  }

  #start(plan: ChildPlan): void {
    const number = ++this.#lastNumber;
    const child = new SupervisedChild(plan, this.#now(), {
      records: (view, length) => this.#handlers.records(view, length, number),
      ready: () => this.#takeOver(child, plan),
      ended: (code, reason) => this.#ended(child, code, reason),
    });
    this.#next = child;
    this.#running.add(child);
  }

  #takeOver(child: SupervisedChild, plan: ChildPlan): void {
    if (this.#next !== child) return;
    this.#next = null;
    const old = this.#current;
    this.#current = child;
    old?.end();
    this.#handlers.ready(plan);
  }

  #ended(child: SupervisedChild, code: number | null, reason: string): void {
    if (!this.#running.delete(child)) return;
    addCounts(this.#pastCounts, child.counts);
    if (this.#running.size === 0) this.#whenAllEnded?.();
    if (this.#closed) return;
    if (child === this.#current) {
      this.#current = null;
      this.#handlers.lost(reason);
      if (this.#now() - child.startedAt >= WELL_AFTER) this.#pause = 0;
      if (this.#next === null) this.#restart();
    } else if (child === this.#next) {
      this.#next = null;
      if (this.#current === null) this.#handlers.failed(reason, code === EXIT_NO_PERMISSION);
      else this.#handlers.notRenewed(reason);
      this.#restart();
    }
  }

  #restart(): void {
    if (this.#closed || this.#timer !== null) return;
    const pause = this.#pause;
    this.#pause = Math.min(LONGEST_PAUSE, pause === 0 ? FIRST_PAUSE : pause * 2);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.renew();
    }, pause);
  }
}

function addCounts(into: Map<number, number>, counts: ReadonlyMap<number, number>): void {
  for (const [reason, count] of counts) into.set(reason, (into.get(reason) ?? 0) + count);
}
