import type { ActionStep } from './event.ts';
import type { PlannedAction } from './plan.ts';

/** Sources remembered. A flood of forged ones pushes out the oldest, which is at worst blocked twice. */
const MAX_SOURCES = 1_024;
/** How long a step that worked counts as in force. After that, a person may have removed the rule. */
const LIFE_MS = 10 * 60_000;

interface Entry {
  readonly since: number;
  readonly worked: ReadonlyMap<string, ActionStep>;
}

/**
 * The steps that worked for sources whose block failed as a whole, so that another try adds no second firewall rule
 * and sends no second mail.
 */
export class HalfBlocked {
  readonly #entries = new Map<string, Entry>();

  /** The result of the action for this source, if it worked shortly before `now` (ms). */
  find(source: string, action: PlannedAction, now: number): ActionStep | undefined {
    return this.#valid(source, now)?.worked.get(keyOf(action));
  }

  /** Remembers which actions have worked by `now` (ms) for a source that is not blocked. */
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

  /** Forgets a source, because it is blocked. */
  delete(source: string): void {
    this.#entries.delete(source);
  }

  #valid(source: string, now: number): Entry | undefined {
    const entry = this.#entries.get(source);
    return entry !== undefined && now - entry.since < LIFE_MS ? entry : undefined;
  }
}

function keyOf({ step, template }: PlannedAction): string {
  return `${step} ${template}`;
}
