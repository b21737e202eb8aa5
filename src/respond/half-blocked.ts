import type { ActionStep } from './event.ts';
import type { PlannedAction } from './plan.ts';

/** Sources remembered; forged ones without end push out the oldest, which is at worst blocked twice over. */
const MAX_SOURCES = 1_024;
/** For so long (ms) a step that worked is taken to be in force still; a person may have taken the rule back. */
const LIFE = 10 * 60_000;

interface Entry {
  readonly since: number;
  readonly worked: ReadonlyMap<string, ActionStep>;
}

/**
 * What has worked for the sources whose block failed as a whole, so that trying again adds no second firewall
 * rule and sends no second mail.
 */
export class HalfBlocked {
  readonly #entries = new Map<string, Entry>();

  /** How the action ended for this source, if it has worked a short while before `now` (ms). */
  find(source: string, action: PlannedAction, now: number): ActionStep | undefined {
    return this.#valid(source, now)?.worked.get(keyOf(action));
  }

  /** Notes what has worked by `now` (ms) for a source that is not blocked. */
  set(source: string, taken: readonly (readonly [PlannedAction, ActionStep])[], now: number): void {
    const worked = new Map<string, ActionStep>();
    for (const [action, step] of taken) if (step.failure === null) worked.set(keyOf(action), step);
    const since = this.#valid(source, now)?.since ?? now;
    this.#entries.delete(source);
    if (worked.size === 0) return;
    this.#entries.set(source, { since, worked });
    if (this.#entries.size <= MAX_SOURCES) return;
    const [oldest] = this.#entries.keys();
    this.#entries.delete(oldest as string);
  }

  /** The source is blocked. */
  delete(source: string): void {
    this.#entries.delete(source);
  }

  #valid(source: string, now: number): Entry | undefined {
    const entry = this.#entries.get(source);
    return entry !== undefined && now - entry.since < LIFE ? entry : undefined;
  }
}

function keyOf({ step, template }: PlannedAction): string {
  return `${step} ${template}`;
}
