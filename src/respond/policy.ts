import type { Failure } from '../commands/failure.ts';
import type { ActionStep } from './event.ts';
import type { PlannedAction } from './plan.ts';

/** A plan in two parts: up to the last action that decides whether the source is blocked, and the rest. */
export interface PlanParts {
  readonly block: readonly PlannedAction[];
  readonly notice: readonly PlannedAction[];
}

/** Splits the plan, so that an external command that only reports a block does not delay other blocks. */
export function partPlan(plan: readonly PlannedAction[]): PlanParts {
  const last = plan.findLastIndex((action) => decides(action, plan));
  return { block: plan.slice(0, last + 1), notice: plan.slice(last + 1) };
}

/** The first deciding step that failed, and why; null when all worked. */
export function failureOf(plan: readonly PlannedAction[], steps: readonly ActionStep[]): Failure {
  for (const action of plan) {
    if (!decides(action, plan)) continue;
    const taken = steps.find(({ step }) => step === action.step);
    if (taken === undefined) return `${action.step}: not run`;
    if (taken.failure !== null) return `${action.step}: ${taken.failure}`;
  }
  return plan.length === 0 ? 'nothing is configured that would block it' : null;
}

/** Route and wrappers block a source. In a plan without either, the external command does. */
function decides(action: PlannedAction, plan: readonly PlannedAction[]): boolean {
  return action.step !== 'external' || plan.every(({ step }) => step === 'external');
}
