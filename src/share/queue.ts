import type { Failure } from '../commands/failure.ts';
import { Journal } from '../ledger/journal.ts';
import { openQueueFile } from './queue-file.ts';
import { lineOfStep, type Step } from './queue-lines.ts';
import type { Report, Said } from './report.ts';

/**
 * The most orders that wait. A flood of sources that nobody can forge for an outage of days reaches it; then new ones are
 * refused, and those on the disk stay: the blocks of this host do not depend on it.
 */
export const MAX_WAITING = 32_768;

/** The most decisions of this host that are known by their ids. The oldest leave: they are taken for others' then. */
export const MAX_SAID = 65_536;

/** The file is rewritten when it has more lines than this for each thing that is known ... */
const MAX_LINES_PER_FACT = 4;

/** ... and more than this. */
const MIN_LINES_TO_REWRITE = 4_096;

/** What the engine must hear, in the order in which it happened. */
export type Order =
  | { readonly seq: number; readonly kind: 'report'; readonly report: Report; readonly inDoubt: boolean }
  /** `at` is when it was unblocked, ms since the epoch. */
  | { readonly seq: number; readonly kind: 'take-back'; readonly target: string; readonly at: number };

/** What a queue needs. */
export interface QueueParts {
  /** The file; null keeps everything in memory. */
  readonly path: string | null;
  /** The engine's `identity`. Ids of another one mean nothing. */
  readonly identity: string;
  /** The wall clock at the start, ms since the epoch. */
  readonly now: number;
  /** Logs one line for the administrator. */
  readonly tell: (text: string) => void;
}

/**
 * What the engine has not been told yet, and which of its decisions come from this host. Both survive kill -9, a power cut
 * and outages of days. Each step is a line of a file; the line that says that reports are being sent is on the disk before
 * they are, so that after a crash it is known which of them the engine may have.
 */
export class ShareQueue {
  readonly #parts: QueueParts;
  readonly #journal: Journal | null;
  /** By `seq`, which is the order of insertion. */
  readonly #orders = new Map<number, Order>();
  /** The waiting report of a target. */
  readonly #reports = new Map<string, number>();
  /** By id; the oldest first. */
  readonly #said = new Map<string, Said>();
  /** How many of them each target has. */
  readonly #saidOf = new Map<string, number>();
  #nextSeq = 1;
  #hasToldFull = false;
  /** Orders that were refused because the queue was full. */
  overflowed = 0;

  private constructor(parts: QueueParts) {
    this.#parts = parts;
    const { path, tell } = parts;
    this.#journal =
      path === null
        ? null
        : new Journal({ path, tell, snapshot: () => this.#lines(), atStake: 'what others are not told yet' });
  }

  /** Reads the file; a missing one counts as empty. Logs what is wrong, and never rejects. */
  static async open(parts: QueueParts): Promise<ShareQueue> {
    const queue = new ShareQueue(parts);
    if (queue.#journal === null || parts.path === null) return queue;
    let identity = parts.identity;
    const { file, lines, skipped, trouble } = await openQueueFile(parts.path, (step) => {
      if (step.op === 'engine') identity = step.identity;
      else queue.#apply(step);
    });
    if (identity !== parts.identity) queue.#forgetEngine();
    queue.forget(parts.now);
    if (skipped > 0)
      parts.tell(`${parts.path}: ${skipped} damaged ${skipped === 1 ? 'line was' : 'lines were'} skipped`);
    queue.#journal.start(file, lines, trouble);
    if (skipped > 0 || lines === 0 || identity !== parts.identity || lines > 2 * queue.#facts)
      queue.#journal.rewrite();
    return queue;
  }

  /** Orders that wait. */
  get size(): number {
    return this.#orders.size;
  }

  /** Known decisions of this host. */
  get saidCount(): number {
    return this.#said.size;
  }

  /**
   * Adds a report of this source for the engine; of several waiting reports of a target the last one stays. False when the
   * queue is full.
   */
  report(report: Report): boolean {
    const waiting = this.#reports.get(report.target);
    const before = waiting === undefined ? undefined : this.#orders.get(waiting);
    // What may have been sent already stays, because it may have to be known by its id.
    if (before?.kind === 'report' && !before.inDoubt) this.#do({ op: 'done', seqs: [before.seq] });
    else if (this.#isFull) return false;
    this.#do({ op: 'report', seq: this.#nextSeq, report });
    return true;
  }

  /**
   * Adds that what any portsentry has said of this target until `at` (ms since the epoch) must be taken back. False when the
   * queue is full.
   */
  takeBack(target: string, at: number): boolean {
    const waiting = this.#reports.get(target);
    const before = waiting === undefined ? undefined : this.#orders.get(waiting);
    if (before?.kind === 'report' && !before.inDoubt) this.#do({ op: 'done', seqs: [before.seq] });
    if (this.#isFull) return false;
    this.#do({ op: 'take-back', seq: this.#nextSeq, target, at });
    return true;
  }

  /** Whether a report on this target waits. */
  isWaiting(target: string): boolean {
    return this.#reports.has(target);
  }

  /** Whether a decision of this host on this target is known. */
  hasSaid(target: string): boolean {
    return this.#saidOf.has(target);
  }

  /** The targets of waiting reports and of known decisions of this host. */
  *targets(): Generator<string> {
    yield* this.#reports.keys();
    yield* this.#saidOf.keys();
  }

  /** The oldest orders, all of one kind: `most` reports at most, either all in doubt or none, or one that takes back. */
  next(most: number): readonly Order[] {
    const batch: Order[] = [];
    for (const order of this.#orders.values()) {
      const [first] = batch;
      if (first !== undefined && !(isAlike(first, order) && batch.length < most)) break;
      batch.push(order);
      if (order.kind === 'take-back') break;
    }
    return batch;
  }

  /** These reports are about to be sent. Resolves when a restart would know that; the reason when it might not. */
  sending(seqs: readonly number[]): Promise<Failure> {
    this.#do({ op: 'sending', seqs });
    return this.#journal?.durable() ?? Promise.resolve(null);
  }

  /** The engine did not get these reports: they may be sent again without a question. */
  notSent(seqs: readonly number[]): void {
    this.#do({ op: 'not-sent', seqs });
  }

  /** The orders are carried out, or given up; `said` are the decisions that came of them. */
  done(seqs: readonly number[], said: readonly Said[] = []): void {
    for (const each of said) this.#do({ op: 'said', said: each });
    this.#do({ op: 'done', seqs });
  }

  /** The decision with this id on this target if it is one of this host's. */
  saidBy(id: string, target: string): Said | undefined {
    const said = this.#said.get(id);
    // An engine that was set up anew counts from 1 again, so the id alone says nothing.
    return said?.target === target ? said : undefined;
  }

  /** Whether an id may be that of a decision of this host. */
  knows(id: string): boolean {
    return this.#said.has(id);
  }

  /** The decision has ended. */
  ended(id: string): void {
    if (this.#said.has(id)) this.#do({ op: 'ended', ids: [id] });
  }

  /** Forgets decisions that have ended; `now` in ms since the epoch. */
  forget(now: number): void {
    const ids = [...this.#said.values()].filter(({ until }) => until < now - LATE_MS).map(({ id }) => id);
    for (let at = 0; at < ids.length; at += IDS_PER_LINE)
      this.#do({ op: 'ended', ids: ids.slice(at, at + IDS_PER_LINE) });
  }

  /** Call it every second. */
  tick(): void {
    if (this.#journal === null) return;
    if (this.#orders.size < MAX_WAITING / 2) this.#hasToldFull = false;
    const { lines } = this.#journal;
    if (lines > MIN_LINES_TO_REWRITE && lines > MAX_LINES_PER_FACT * this.#facts) this.#journal.rewrite();
    this.#journal.tick();
  }

  /** Resolves to null when everything so far is on the disk, else to why it is not. */
  durable(): Promise<Failure> {
    return this.#journal?.durable() ?? Promise.resolve(null);
  }

  /** Writes what waits and closes the file. */
  async close(): Promise<void> {
    await this.#journal?.close();
  }

  get #facts(): number {
    return this.#orders.size + this.#said.size + 1;
  }

  get #isFull(): boolean {
    if (this.#orders.size < MAX_WAITING) return false;
    this.overflowed++;
    if (!this.#hasToldFull)
      this.#parts.tell(
        `${MAX_WAITING} reports wait for the engine. It is told of no other sources until it has taken some; they are blocked here.`,
      );
    this.#hasToldFull = true;
    return true;
  }

  #do(step: Step): void {
    this.#journal?.append(lineOfStep(step));
    this.#apply(step);
  }

  #apply(step: Step): void {
    switch (step.op) {
      case 'engine':
        return;
      case 'report':
      case 'take-back':
        // A file that is not ours must not take more memory than ours would.
        if (this.#orders.size <= MAX_WAITING) this.#add(step);
        return;
      case 'sending':
      case 'not-sent':
        for (const seq of step.seqs) this.#doubt(seq, step.op === 'sending');
        return;
      case 'done':
        for (const seq of step.seqs) this.#remove(seq);
        return;
      case 'said':
        this.#say(step.said);
        return;
      case 'ended':
        for (const id of step.ids) this.#unsay(id);
        return;
      default:
        step satisfies never;
    }
  }

  #say(said: Said): void {
    this.#unsay(said.id);
    this.#said.set(said.id, said);
    this.#saidOf.set(said.target, (this.#saidOf.get(said.target) ?? 0) + 1);
    if (this.#said.size > MAX_SAID) this.#unsay(this.#said.keys().next().value as string);
  }

  #unsay(id: string): void {
    const target = this.#said.get(id)?.target;
    if (target === undefined) return;
    this.#said.delete(id);
    const left = (this.#saidOf.get(target) ?? 1) - 1;
    if (left === 0) this.#saidOf.delete(target);
    else this.#saidOf.set(target, left);
  }

  #add(step: Extract<Step, { op: 'report' | 'take-back' }>): void {
    const { seq } = step;
    this.#nextSeq = Math.max(this.#nextSeq, seq + 1);
    if (step.op === 'take-back') {
      this.#orders.set(seq, { seq, kind: 'take-back', target: step.target, at: step.at });
      return;
    }
    this.#orders.set(seq, { seq, kind: 'report', report: step.report, inDoubt: step.inDoubt === true });
    this.#reports.set(step.report.target, seq);
  }

  #doubt(seq: number, inDoubt: boolean): void {
    const order = this.#orders.get(seq);
    // `set` keeps the place of the order.
    if (order?.kind === 'report') this.#orders.set(seq, { ...order, inDoubt });
  }

  #remove(seq: number): void {
    const order = this.#orders.get(seq);
    this.#orders.delete(seq);
    if (order?.kind === 'report' && this.#reports.get(order.report.target) === seq)
      this.#reports.delete(order.report.target);
  }

  /** What waits goes to the new engine, which knows none of it. */
  #forgetEngine(): void {
    this.#said.clear();
    this.#saidOf.clear();
    for (const { seq } of [...this.#orders.values()]) this.#doubt(seq, false);
  }

  /** All that is known at the time of the call. */
  #lines(): Iterable<string> {
    return linesOf(this.#parts.identity, [...this.#orders.values()], [...this.#said.values()]);
  }
}

/** How long after its end a decision is still known, because the engine reports the end late. */
const LATE_MS = 86_400_000;

/** A line must be shorter than MAX_LINE_BYTES. */
const IDS_PER_LINE = 64;

function isAlike(one: Order, other: Order): boolean {
  if (one.kind !== 'report' || other.kind !== 'report') return false;
  return one.inDoubt === other.inDoubt;
}

function* linesOf(
  identity: string,
  orders: readonly Order[],
  said: readonly Said[],
): Generator<string, void, undefined> {
  yield lineOfStep({ op: 'engine', identity });
  for (const each of said) yield lineOfStep({ op: 'said', said: each });
  for (const order of orders)
    yield lineOfStep(
      order.kind === 'report'
        ? { op: 'report', seq: order.seq, report: order.report, inDoubt: order.inDoubt }
        : { op: 'take-back', seq: order.seq, target: order.target, at: order.at },
    );
}
