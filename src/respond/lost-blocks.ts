import type { Failure } from '../commands/failure.ts';
import type { LedgerEntry } from '../ledger/entry.ts';

/** The least time between two attempts to make a block again. */
const PAUSE_MS = 60_000;

/** A block is made again this often in all; after that the failure is reported. */
const MAX_ATTEMPTS = 3;

/** What making blocks again works with. */
export interface LostBlocksParts {
  /** Undoes what is left of a block, then makes it again; resolves to why that failed. */
  readonly remake: (entry: LedgerEntry) => Promise<Failure>;
  /** Whether the target still has this block. */
  readonly stands: (entry: LedgerEntry) => boolean;
  readonly tell: (text: string) => void;
}

interface Attempts {
  entry: LedgerEntry;
  count: number;
  lastMs: number;
  isRunning: boolean;
  isReported: boolean;
}

/** Makes blocks by KILL_ROUTE again that another program has taken away: a bounded number of times. */
export class LostBlocks {
  readonly #parts: LostBlocksParts;
  /** By target; those whose block has ended are dropped once a minute. */
  readonly #attempts = new Map<string, Attempts>();
  #lastSweepMs = 0;

  constructor(parts: LostBlocksParts) {
    this.#parts = parts;
  }

  /** It was proven at `now` (ms since the epoch) that the block is gone. Resolves when all is done. Never rejects. */
  async lost(entry: LedgerEntry, now: number): Promise<void> {
    const attempts = this.#attemptsOf(entry);
    if (attempts.isRunning) return;
    if (attempts.count > 0 && now - attempts.lastMs < PAUSE_MS) return;
    if (attempts.count >= MAX_ATTEMPTS) {
      this.#report(attempts, entry);
      return;
    }
    attempts.count++;
    attempts.lastMs = now;
    attempts.isRunning = true;
    const failure = await this.#parts.remake(entry);
    attempts.isRunning = false;
    const { target } = entry.block;
    const which = `attempt ${attempts.count} of ${MAX_ATTEMPTS}`;
    const outcome = failure === null ? 'KILL_ROUTE was run again' : `it could not be made again: ${failure}`;
    this.#parts.tell(`Answers left to ${target}, so its block was gone; ${outcome} (${which}).`);
  }

  /** Whether the block is not made again, because that did not help. */
  hasGivenUp({ block }: LedgerEntry): boolean {
    return this.#attempts.get(block.target)?.isReported ?? false;
  }

  /** Must be called every second; `now` in ms since the epoch. */
  tick(now: number): void {
    if (now - this.#lastSweepMs < PAUSE_MS) return;
    this.#lastSweepMs = now;
    for (const [target, { entry, isRunning }] of this.#attempts)
      if (!isRunning && !this.#parts.stands(entry)) this.#attempts.delete(target);
  }

  #attemptsOf(entry: LedgerEntry): Attempts {
    const { target, since } = entry.block;
    const known = this.#attempts.get(target);
    if (known !== undefined && known.entry.block.since === since) return known;
    const fresh = { entry, count: 0, lastMs: 0, isRunning: false, isReported: false };
    this.#attempts.set(target, fresh);
    return fresh;
  }

  #report(attempts: Attempts, { block }: LedgerEntry): void {
    if (attempts.isReported) return;
    attempts.isReported = true;
    this.#parts.tell(
      `Answers still leave to ${block.target}, although KILL_ROUTE was run ${MAX_ATTEMPTS} more times: ` +
        'it does not shut this source out, and is not run for it again.',
    );
  }
}
