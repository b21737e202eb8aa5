import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const RULES = 'packaging/examples/metrics/rules.yml';

test('the alert for a daemon that has ended compares with the last 30 days', () => {
  const [, rule = ''] = readFileSync(RULES, 'utf8').split('alert: PortSentryGone');
  const [expression = ''] = rule.split('labels:');
  expect(expression.replace(/\s+/g, ' ').trim()).toBe(
    'expr: >- group by (job, instance) (last_over_time(portsentry_start_time_seconds[30d])) ' +
      'unless on (job, instance) portsentry_start_time_seconds for: 10m',
  );
});
