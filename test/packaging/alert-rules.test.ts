import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

const RULES = resolve('packaging/examples/metrics/rules.yml');
const HAS_PROMTOOL = spawnSync('promtool', ['--version']).error === undefined;

function promtool(...words: string[]) {
  const { status, stdout, stderr } = spawnSync('promtool', words, { encoding: 'utf8' });
  return { status, text: `${stdout}${stderr}` };
}

/** A daemon that runs for three minutes, is away for three hours, and runs again. */
const CASE = `
rule_files: ['${RULES}']
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - series: portsentry_start_time_seconds{job="node", instance="web1"}
        values: 100 100 100 stale _x180 10000 10000 10000
    alert_rule_test:
      - { eval_time: 2m, alertname: PortSentryGone, exp_alerts: [] }
      - { eval_time: 12m, alertname: PortSentryGone, exp_alerts: [] }
      - &fires
        eval_time: 14m
        alertname: PortSentryGone
        exp_alerts:
          - exp_labels: { job: node, instance: web1, severity: warning }
            exp_annotations: { summary: portsentry on web1 has ended }
      - { <<: *fires, eval_time: 3h }
      - { eval_time: 3h5m, alertname: PortSentryGone, exp_alerts: [] }
`;

test('the alert for a daemon that has ended compares with the last 30 days', () => {
  const [, rule = ''] = readFileSync(RULES, 'utf8').split('alert: PortSentryGone');
  const [expression = ''] = rule.split('labels:');
  expect(expression.replace(/\s+/g, ' ').trim()).toBe(
    'expr: >- group by (job, instance) (last_over_time(portsentry_start_time_seconds[30d])) ' +
      'unless on (job, instance) portsentry_start_time_seconds for: 10m',
  );
});

test.runIf(HAS_PROMTOOL)('it fires for a short run, lasts while the daemon is away, and ends with it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'portsentry-rules-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'case.yml'), CASE);
  expect(promtool('check', 'rules', RULES)).toMatchObject({ status: 0 });
  expect(promtool('test', 'rules', join(folder, 'case.yml'))).toMatchObject({ status: 0 });
});
