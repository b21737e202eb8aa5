import { expect, test } from 'vitest';
import { HalfBlocked } from '../../src/respond/half-blocked.ts';
import type { PlannedAction } from '../../src/respond/plan.ts';

const NOW = 1_795_354_417_000;
const MINUTE = 60_000;
const ROUTE: PlannedAction = { step: 'route', template: 'iptables' };
const WRAPPERS: PlannedAction = { step: 'wrappers', template: 'ALL: $TARGET$' };
const WORKED = { step: 'route', text: 'iptables', failure: null } as const;
const FAILED = { step: 'wrappers', text: 'ALL: 10.99.0.1', failure: 'EACCES' } as const;

test('a step that worked is found by its source and its action, and one that failed is not', () => {
  const half = new HalfBlocked();
  half.set(
    '10.99.0.1',
    [
      [ROUTE, WORKED],
      [WRAPPERS, FAILED],
    ],
    NOW,
  );
  expect(half.find('10.99.0.1', ROUTE, NOW)).toBe(WORKED);
  expect(half.find('10.99.0.1', { step: 'route', template: 'nft' }, NOW)).toBeUndefined();
  expect(half.find('10.99.0.1', WRAPPERS, NOW)).toBeUndefined();
  expect(half.find('10.99.0.2', ROUTE, NOW)).toBeUndefined();
});

test('a source that is finally blocked is forgotten', () => {
  const half = new HalfBlocked();
  half.set('10.99.0.1', [[ROUTE, WORKED]], NOW);
  half.delete('10.99.0.1');
  expect(half.find('10.99.0.1', ROUTE, NOW)).toBeUndefined();
});

test('after ten minutes a step is taken again, even if its source was tried again meanwhile', () => {
  const half = new HalfBlocked();
  half.set('10.99.0.1', [[ROUTE, WORKED]], NOW);
  half.set('10.99.0.1', [[ROUTE, WORKED]], NOW + 9 * MINUTE);
  expect(half.find('10.99.0.1', ROUTE, NOW + 10 * MINUTE - 1)).toBe(WORKED);
  expect(half.find('10.99.0.1', ROUTE, NOW + 10 * MINUTE)).toBeUndefined();
});

test('the oldest of more than 1,024 sources is forgotten', () => {
  const half = new HalfBlocked();
  for (let index = 0; index <= 1_024; index++) half.set(`source ${index}`, [[ROUTE, WORKED]], NOW);
  expect(half.find('source 0', ROUTE, NOW)).toBeUndefined();
  expect(half.find('source 1', ROUTE, NOW)).toBe(WORKED);
  expect(half.find('source 1024', ROUTE, NOW)).toBe(WORKED);
});
