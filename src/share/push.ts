import { counted } from '../record/counted.ts';
import { EngineError, type Pushed, type ShareEngine } from './engine.ts';
import type { Order, ShareQueue } from './queue.ts';

/**
 * How many reports go into a request. A batch that is refused is halved until the report that nobody wants is alone, with one
 * request for each delivery; what is taken doubles it again.
 */
export class BatchLimit {
  #most = Number.POSITIVE_INFINITY;

  /** Of this many reports so many are sent together, one at least. */
  of(count: number): number {
    return Math.max(1, Math.min(count, this.#most));
  }

  refused(size: number): void {
    this.#most = size >> 1;
  }

  taken(): void {
    this.#most = Math.max(1, this.#most) * 2;
  }
}

/** What a delivery works with. */
export interface DeliveryParts {
  readonly engine: ShareEngine;
  readonly queue: ShareQueue;
  readonly batch: BatchLimit;
  /** Logs one line for the administrator. */
  readonly tell: (text: string) => void;
}

/** What a delivery did. */
export interface Delivered {
  readonly pushed: number;
  /** Decisions that were ended. */
  readonly takenBack: number;
  readonly refused: number;
}

const NOTHING: Delivered = { pushed: 0, takenBack: 0, refused: 0 };

type ReportOrder = Extract<Order, { kind: 'report' }>;

/**
 * Tells the engine of the oldest orders of the queue, in one request or in one for each that is in doubt. Rejects with an
 * EngineError; the orders stay in the queue then.
 */
export async function deliver(parts: DeliveryParts, signal: AbortSignal): Promise<Delivered> {
  const { engine, queue, batch } = parts;
  const orders = queue.next(batch.of(engine.batchSize));
  const [first] = orders;
  if (first === undefined) return NOTHING;
  if (first.kind === 'take-back') {
    return takeBack(parts, first, signal);
  }
  const reports = orders as readonly ReportOrder[];
  return first.inDoubt ? clearUp(parts, reports, signal) : send(parts, reports, signal);
}

/** An engine that refuses this must not keep back all that comes after it. */
async function takeBack(
  { engine, queue, tell }: DeliveryParts,
  { seq, target, at }: Order & { readonly kind: 'take-back' },
  signal: AbortSignal,
): Promise<Delivered> {
  try {
    const takenBack = await engine.takeBack(target, at, signal);
    queue.done([seq]);
    return { ...NOTHING, takenBack };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    tell(`${engine.name} does not take back what was said of ${target}: ${error.message}.`);
    queue.done([seq]);
    return { ...NOTHING, refused: 1 };
  }
}

function isRefusal(error: unknown): error is EngineError {
  return error instanceof EngineError && error.outcome === 'refused';
}

/**
 * The answer to these reports is missing, or a crash came between: the engine says which of the first ones it has. A slow
 * engine is not asked of all at once, because nothing is pulled meanwhile.
 */
async function clearUp(
  { engine, queue, tell }: DeliveryParts,
  inDoubt: readonly ReportOrder[],
  signal: AbortSignal,
): Promise<Delivered> {
  const orders = inDoubt.slice(0, engine.findBatchSize);
  let found: readonly (Pushed | null)[];
  try {
    found = await engine.findPushed(
      orders.map(({ report }) => report),
      signal,
    );
  } catch (error) {
    if (!isRefusal(error)) throw error;
    // They were sent, and nobody can say more.
    tell(`${engine.name} does not say what became of ${counted(orders.length, 'report')}: ${error.message}.`);
    queue.done(orders.map(({ seq }) => seq));
    return { ...NOTHING, refused: orders.length };
  }
  let pushed = 0;
  for (const [index, { seq }] of orders.entries()) {
    const made = found[index] ?? null;
    if (made === null) queue.notSent([seq]);
    else {
      queue.done([seq], made);
      pushed++;
    }
  }
  return { ...NOTHING, pushed };
}

async function send(
  parts: DeliveryParts,
  orders: readonly ReportOrder[],
  signal: AbortSignal,
): Promise<Delivered> {
  const { engine, queue, batch } = parts;
  const seqs = orders.map(({ seq }) => seq);
  // Where the disk is full this is not known after a crash, and the queue has said so. Others must be told all the same.
  await queue.sending(seqs);
  let made: readonly Pushed[];
  try {
    made = await engine.push(
      orders.map(({ report }) => report),
      signal,
    );
  } catch (error) {
    return settle(parts, orders, error as Error);
  }
  batch.taken();
  for (const [index, seq] of seqs.entries()) queue.done([seq], made[index]);
  return { ...NOTHING, pushed: orders.length };
}

/** A push failed. What is refused in company is sent in smaller ones, so that one bad report does not keep back the others. */
function settle(
  { queue, engine, batch, tell }: DeliveryParts,
  orders: readonly ReportOrder[],
  error: Error,
): Delivered {
  const outcome = error instanceof EngineError ? error.outcome : 'unknown';
  if (outcome === 'unknown') throw error;
  queue.notSent(orders.map(({ seq }) => seq));
  if (outcome === 'undone') throw error;
  const [first] = orders;
  if (first === undefined || orders.length > 1) {
    batch.refused(orders.length);
    return NOTHING;
  }
  tell(`${engine.name} refuses the report on ${first.report.target}: ${error.message}.`);
  queue.done([first.seq]);
  batch.taken();
  return { ...NOTHING, refused: 1 };
}
