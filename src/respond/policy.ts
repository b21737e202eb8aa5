import type { Failure } from '../commands/failure.ts';
import type { ActionStep } from './event.ts';
import type { PlannedAction } from './plan.ts';

/** A plan in its two parts: what decides whether the source is blocked (and all before it), and what comes after. */
export interface PlanParts {
  readonly block: readonly PlannedAction[];
  readonly notice: readonly PlannedAction[];
}

/** Parts the plan, so that the external command that only tells of a block does not delay the block of others. */
export function partPlan(plan: readonly PlannedAction[]): PlanParts {
  const last = plan.findLastIndex((action) => decides(action, plan));
  return { block: plan.slice(0, last + 1), notice: plan.slice(last + 1) };
}

/** null when every step that decides has worked; else the first that has not, and why. */
export function failureOf(plan: readonly PlannedAction[], steps: readonly ActionStep[]): Failure {
  for (const action of plan) {
    if (!decides(action, plan)) continue;
    const taken = steps.find(({ step }) => step === action.step);
    if (taken === undefined) return `${action.step}: not run`;
    if (taken.failure !== null) return `${action.step}: ${taken.failure}`;
  }
  return plan.length === 0 ? 'nothing is configured that would block it' : null;
}

/** Route and wrappers shut a source out; where there is neither, the external command is what does. */
function decides(action: PlannedAction, plan: readonly PlannedAction[]): boolean {
  return action.step !== 'external' || plan.every(({ step }) => step === 'external');
}
