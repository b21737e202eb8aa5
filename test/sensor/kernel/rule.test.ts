import { expect, test } from 'vitest';
import { LAST_RULE, Rule, ruleOfPrefix } from '../../../src/sensor/kernel/rule.ts';

test('each rule is found by the first two letters of its name, and no two share them', () => {
  for (const [name, rule] of Object.entries(Rule)) {
    if (rule === Rule.none) continue;
    expect(ruleOfPrefix((name.charCodeAt(0) << 8) | name.charCodeAt(1))).toBe(rule);
  }
});

test('a prefix of others is no rule, and a rule fits the five bits of its record', () => {
  expect([ruleOfPrefix(0), ruleOfPrefix(0x7878), ruleOfPrefix(0xffff)]).toEqual([
    Rule.none,
    Rule.none,
    Rule.none,
  ]);
  expect(LAST_RULE).toBeLessThan(32);
});
