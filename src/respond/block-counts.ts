import { BLOCK_ENDS, type BlockEnd, LEDGER_METHODS, type LedgerMethod } from '../ledger/entry.ts';
import { RULE_ORIGINS, type RuleOrigin } from './never-block.ts';

/** The upper bounds of the classes of durations, in seconds. */
export const DURATION_BOUNDS_S = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
] as const;

/** How many blocks were made, failed, ended and refused since the start, and how long it took to make them. */
export class BlockCounts {
  readonly #made = new Float64Array(LEDGER_METHODS.length);
  readonly #failed = new Float64Array(LEDGER_METHODS.length);
  readonly #ended = new Float64Array(BLOCK_ENDS.length);
  readonly #refused = new Float64Array(RULE_ORIGINS.length);
  readonly #durations = new Float64Array(DURATION_BOUNDS_S.length + 1);
  #seconds = 0;

  /** A block stands. */
  addMade(method: LedgerMethod): void {
    add(this.#made, LEDGER_METHODS.indexOf(method));
  }

  /** A source should have been blocked and is not. */
  addFailed(method: LedgerMethod): void {
    add(this.#failed, LEDGER_METHODS.indexOf(method));
  }

  /** A block has ended. */
  addEnded(how: BlockEnd): void {
    add(this.#ended, BLOCK_ENDS.indexOf(how));
  }

  /** A rule spared a source that triggered. */
  addRefused(origin: RuleOrigin): void {
    add(this.#refused, RULE_ORIGINS.indexOf(origin));
  }

  /** A block stood this long (ms) after the arrival of the packet that it answers. */
  addDuration(ms: number): void {
    // The sensor's times have an error of some microseconds.
    const seconds = Math.max(0, ms / 1000);
    const found = DURATION_BOUNDS_S.findIndex((bound) => seconds <= bound);
    add(this.#durations, found < 0 ? DURATION_BOUNDS_S.length : found);
    this.#seconds += seconds;
  }

  made(method: LedgerMethod): number {
    return this.#made[LEDGER_METHODS.indexOf(method)] as number;
  }

  failed(method: LedgerMethod): number {
    return this.#failed[LEDGER_METHODS.indexOf(method)] as number;
  }

  ended(how: BlockEnd): number {
    return this.#ended[BLOCK_ENDS.indexOf(how)] as number;
  }

  refused(origin: RuleOrigin): number {
    return this.#refused[RULE_ORIGINS.indexOf(origin)] as number;
  }

  /** How many durations are in each class of DURATION_BOUNDS_S; the last class has those above all bounds. */
  get durations(): readonly number[] {
    return [...this.#durations];
  }

  /** The sum of all durations, in seconds. */
  get seconds(): number {
    return this.#seconds;
  }
}

function add(counts: Float64Array, place: number): void {
  counts[place] = (counts[place] as number) + 1;
}
