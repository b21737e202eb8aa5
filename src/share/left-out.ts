import type { LeftOut } from './engine.ts';

/** Reasons that are told apart; an engine that makes up more is told of in one line for the rest. */
const MAX_REASONS = 8;
const OTHER_REASON = 'other reasons';

/** Counts the decisions of an answer that this program does not carry out, by the reason. */
export class LeftOutCounts {
  readonly #byReason = new Map<string, { count: number; first: string }>();

  /** `first` names the first of `count` decisions, in one line of printable characters. */
  add(why: string, first: string, count = 1): void {
    const key = this.#byReason.has(why) || this.#byReason.size < MAX_REASONS ? why : OTHER_REASON;
    const known = this.#byReason.get(key);
    if (known === undefined) this.#byReason.set(key, { count, first });
    else known.count += count;
  }

  get all(): LeftOut[] {
    return [...this.#byReason].map(([why, { count, first }]) => ({ why, count, first }));
  }
}
