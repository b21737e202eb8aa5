import { ENDING } from '../commands/ending.ts';
import type { Failure } from '../commands/failure.ts';
import type { Block } from './block.ts';
import { noTarget, parseTarget, type Target } from './target.ts';

/** Waiting targets: all those that a ledger holds at a start, and a flood of new ones on top. */
const MAX_WAITING = 262_144;

/** One change to make to one target. */
export interface Change {
  readonly verb: 'block' | 'release';
  readonly target: Target;
  /** Ms since the epoch; null for ever. A release ignores it. */
  readonly until: number | null;
}

/** Applies changes, each for another target; one result for each, in their order. Never rejects. */
type Send = (changes: readonly Change[]) => Promise<readonly Failure[]>;

/** Adds the targets of successful blocks to a set, and deletes those of successful releases. */
export function applyTo(
  targets: { add(target: string): unknown; delete(target: string): unknown },
  changes: readonly Change[],
  results: readonly Failure[],
): void {
  for (const [index, { verb, target }] of changes.entries()) {
    if (results[index] !== null) continue;
    if (verb === 'block') targets.add(target.text);
    else targets.delete(target.text);
  }
}

/** The results of all changes when only some were sent: the others needed nothing, and succeed. */
export function mergeResults(
  changes: readonly Change[],
  sent: readonly Change[],
  results: readonly Failure[],
): readonly Failure[] {
  if (sent.length === changes.length) return results;
  const byTarget = new Map(sent.map(({ target }, index) => [target.text, results[index] as Failure]));
  return changes.map(({ target }) => byTarget.get(target.text) ?? null);
}

interface Waiting {
  change: Change;
  readonly settle: ((failure: Failure) => void)[];
}

/**
 * Sends the first change at once, because each ms counts in a scan. Changes that arrive meanwhile form the next batch.
 * Of several changes for one target in a batch only the last is sent, and all get its result.
 */
export class Batcher {
  readonly #send: Send;
  readonly #maxBatch: number;
  readonly #now: () => number;
  #waiting = new Map<string, Waiting>();
  #running = false;

  /** `maxBatch`: the most changes in one batch. `now`: ms since the epoch. */
  constructor(send: Send, maxBatch: number, now: () => number) {
    this.#send = send;
    this.#maxBatch = maxBatch;
    this.#now = now;
  }

  /** Resolves to null when the block is in force. A block whose end is past needs nothing. */
  block({ target: text, until }: Block, signal?: AbortSignal): Promise<Failure> {
    const target = parseTarget(text);
    if (target === null) return Promise.resolve(noTarget(text));
    if (until !== null && !(until > this.#now())) return Promise.resolve(null);
    return this.#add({ verb: 'block', target, until }, signal);
  }

  /** Resolves to null when the target is not blocked. */
  release({ target: text }: Block, signal?: AbortSignal): Promise<Failure> {
    const target = parseTarget(text);
    if (target === null) return Promise.resolve(noTarget(text));
    return this.#add({ verb: 'release', target, until: null }, signal);
  }

  #add(change: Change, signal: AbortSignal | undefined): Promise<Failure> {
    if (signal?.aborted) return Promise.resolve(ENDING);
    const waiting = this.#waiting.get(change.target.text);
    if (waiting === undefined && this.#waiting.size >= MAX_WAITING) {
      return Promise.resolve(`too many blocks are waiting: ${MAX_WAITING}`);
    }
    return new Promise((resolve) => {
      const onAbort = () => resolve(ENDING);
      const settle = (failure: Failure) => {
        signal?.removeEventListener('abort', onAbort);
        resolve(failure);
      };
      signal?.addEventListener('abort', onAbort);
      if (waiting === undefined) this.#waiting.set(change.target.text, { change, settle: [settle] });
      else {
        waiting.change = change;
        waiting.settle.push(settle);
      }
      void this.#run();
    });
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    while (this.#waiting.size > 0) {
      const batch = this.#take();
      const failures = await this.#send(batch.map(({ change }) => change));
      for (const [index, { settle }] of batch.entries()) {
        for (const each of settle) each(failures[index] as Failure);
      }
    }
    this.#running = false;
  }

  #take(): Waiting[] {
    if (this.#waiting.size <= this.#maxBatch) {
      const all = [...this.#waiting.values()];
      this.#waiting = new Map();
      return all;
    }
    const batch: Waiting[] = [];
    for (const [text, waiting] of this.#waiting) {
      if (batch.length === this.#maxBatch) break;
      batch.push(waiting);
      this.#waiting.delete(text);
    }
    return batch;
  }
}
