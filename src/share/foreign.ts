import type { Prefix } from '../net/prefix.ts';
import type { Decision } from './engine.ts';

/** A target that others have decided on: what the list holds of it. */
export interface ForeignTarget {
  readonly target: string;
  readonly prefix: Prefix;
  /** When the last of its decisions ends, ms since the epoch by the wall clock. */
  readonly until: number;
  /** What that decision says. */
  readonly note: string;
}

/** What a list must change to hold what the decisions say. */
export interface Difference {
  readonly added: readonly ForeignTarget[];
  readonly removed: readonly string[];
}

/**
 * The decisions of others that stand, by target and id. Several hosts may have said the same of a target, which stays in
 * the list until the last of them takes it back. The caller bounds their number.
 */
export class ForeignDecisions {
  readonly #byTarget = new Map<string, Map<string, Decision>>();
  readonly #targets = new Map<string, string>();

  /** Decisions, not targets. */
  get size(): number {
    return this.#targets.size;
  }

  /** Targets that are decided on. */
  get targetCount(): number {
    return this.#byTarget.size;
  }

  /** The targets that are decided on. */
  targets(): Iterable<string> {
    return this.#byTarget.keys();
  }

  /** Whether the decision with this id is known. */
  has(id: string): boolean {
    return this.#targets.has(id);
  }

  /** The decisions on exactly this target. */
  of(target: string): readonly Decision[] {
    return [...(this.#byTarget.get(target)?.values() ?? [])];
  }

  /** Takes decisions and forgets those with these ids; says what changed for the list. */
  change(decisions: Iterable<Decision>, endedIds: Iterable<string>): Difference {
    const touched = new Map<string, ForeignTarget | null>();
    const note = (target: string) => {
      if (!touched.has(target)) touched.set(target, this.targetOf(target));
    };
    for (const id of endedIds) this.#forget(id, note);
    for (const decision of decisions) {
      this.#forget(decision.id, note);
      note(decision.target);
      const ofTarget = this.#byTarget.get(decision.target) ?? new Map<string, Decision>();
      ofTarget.set(decision.id, decision);
      this.#byTarget.set(decision.target, ofTarget);
      this.#targets.set(decision.id, decision.target);
    }
    return this.#difference(touched);
  }

  /** Takes all decisions that there are in place of those that are known. */
  replace(decisions: readonly Decision[]): void {
    this.#byTarget.clear();
    this.#targets.clear();
    this.change(decisions, []);
  }

  /** Forgets what has ended; the list has ended it by itself. `now` is of the wall clock, in ms since the epoch. */
  forgetEnded(now: number): void {
    for (const [target, decisions] of this.#byTarget)
      for (const { id, until } of decisions.values()) if (until <= now) this.#forget(id, () => target);
  }

  #forget(id: string, note: (target: string) => void): void {
    const target = this.#targets.get(id);
    if (target === undefined) return;
    note(target);
    this.#targets.delete(id);
    const ofTarget = this.#byTarget.get(target);
    ofTarget?.delete(id);
    if (ofTarget?.size === 0) this.#byTarget.delete(target);
  }

  /** What a list should hold of this target; null when no decision on it stands. */
  targetOf(target: string): ForeignTarget | null {
    let last: Decision | null = null;
    for (const decision of this.#byTarget.get(target)?.values() ?? [])
      if (last === null || decision.until > last.until) last = decision;
    if (last === null) return null;
    return { target, prefix: last.prefix, until: last.until, note: last.note };
  }

  #difference(before: ReadonlyMap<string, ForeignTarget | null>): Difference {
    const added: ForeignTarget[] = [];
    const removed: string[] = [];
    for (const [target, was] of before) {
      const is = this.targetOf(target);
      if (is === null) {
        if (was !== null) removed.push(target);
      } else if (was === null || !isSame(was, is)) added.push(is);
    }
    return { added, removed };
  }
}

/** The engine gives a time that is left, so the same end differs by the time that its answer took. */
const SAME_TIME_MS = 5_000;

/** Whether a list that holds the one need not change to hold the other. */
export function isSame(
  one: Pick<ForeignTarget, 'note' | 'until'>,
  other: Pick<ForeignTarget, 'note' | 'until'>,
): boolean {
  return one.note === other.note && Math.abs(one.until - other.until) < SAME_TIME_MS;
}
