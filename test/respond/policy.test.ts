import { describe, expect, test } from 'vitest';
import type { ActionStep } from '../../src/respond/event.ts';
import { failureOf, partPlan } from '../../src/respond/policy.ts';

type Step = ActionStep['step'];

const PARTS: [plan: Step[], block: Step[], notice: Step[]][] = [
  [[], [], []],
  [['route', 'wrappers', 'external'], ['route', 'wrappers'], ['external']],
  [['external', 'route', 'wrappers'], ['external', 'route', 'wrappers'], []],
  [['route'], ['route'], []],
  [['external'], ['external'], []],
];

test.each(PARTS)('of %j, %j is the block and %j the notice', (plan, block, notice) => {
  const parts = partPlan(plan.map(planned));
  expect(parts.block.map(({ step }) => step)).toEqual(block);
  expect(parts.notice.map(({ step }) => step)).toEqual(notice);
});

const VERDICTS: [plan: Step[], failed: Step[], reason: string | null][] = [
  [['route', 'wrappers', 'external'], [], null],
  [['route', 'wrappers', 'external'], ['external'], null],
  [['external', 'route'], ['external'], null],
  [['route', 'wrappers'], ['wrappers'], 'wrappers: broken'],
  [['route', 'wrappers', 'external'], ['route', 'wrappers', 'external'], 'route: broken'],
  [['wrappers', 'external'], ['wrappers'], 'wrappers: broken'],
  [['external'], ['external'], 'external: broken'],
  [['external'], [], null],
  // "BLOCK=1 without any action: nothing is done, but `Blocked` is written."
  [[], [], 'nothing is configured that would block it'],
];

describe('a source', () => {
  test.each(VERDICTS)(
    'with the plan %j and failures in %j is not blocked because of %j',
    (plan, broken, reason) => {
      const steps = plan.map((step) => ({
        step,
        text: step,
        failure: broken.includes(step) ? 'broken' : null,
      }));
      expect(failureOf(plan.map(planned), steps)).toBe(reason);
    },
  );

  test('is not blocked when a step was not taken', () => {
    expect(failureOf([planned('route')], [])).toBe('route: not run');
  });
});

function planned(step: Step) {
  return { step, template: step };
}
