import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inTree, plantTree, TREE } from '../support/debian-tree.ts';
import { configure, endBy, startDetector, writeFile } from '../support/detector.ts';
import { createLab, type Lab } from '../support/lab.ts';
import type { LabProcess } from '../support/lab-process.ts';

/** Debian's Prometheus and node_exporter read the metrics, by the examples that the packages bring. */

const EXAMPLES = 'packaging/examples/metrics';
const TEXTFILES = `${TREE}/textfile`;
const GRAFANA = JSON.parse(readFileSync(`${EXAMPLES}/grafana.json`, 'utf8')) as {
  panels: { title: string; targets: { expr: string }[] }[];
};
const QUERIES = GRAFANA.panels.flatMap(({ title, targets }) =>
  targets.map(({ expr }) => [title, expr] as const),
);

/** A daemon that runs for three minutes, is away for three hours, and runs again. */
const RULES_CASE = `
rule_files: [/rules.yml]
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

let lab: Lab;
let detector: LabProcess;

beforeAll(async () => {
  lab = await createLab({ name: 'prometheus' });
  const { victim } = lab;
  await plantTree(lab, victim, ['prometheus', 'prometheus-node-exporter']);
  writeFile(victim, `${TEXTFILES}/other.prom`, 'other 1\n');
  configure(
    victim,
    'SENSOR="kernel"\nBLOCK_METHOD="nftables"\nMETRICS_LISTEN="127.0.0.1:9771"\n' +
      `METRICS_FILE="${TEXTFILES}/portsentry.prom"`,
  );
  detector = await startDetector(lab, victim);
  writeFile(victim, `${TREE}/rules.yml`, readFileSync(`${EXAMPLES}/rules.yml`, 'utf8'));
  const scrapes = readFileSync(`${EXAMPLES}/prometheus.yml`, 'utf8').replace(/\S+rules\.yml/, '/rules.yml');
  writeFile(
    victim,
    `${TREE}/prometheus.yml`,
    `global: {scrape_interval: 1s, evaluation_interval: 1s}\n${scrapes}`,
  );
  await lab.start(
    victim,
    inTree(
      'prometheus-node-exporter',
      '--web.listen-address=127.0.0.1:9100',
      '--collector.disable-defaults',
      '--collector.textfile',
      '--collector.textfile.directory=/textfile',
    ),
  );
  await lab.start(
    victim,
    inTree(
      'prometheus',
      '--config.file=/prometheus.yml',
      '--storage.tsdb.path=/tsdb',
      '--web.listen-address=127.0.0.1:9090',
    ),
  );
  await lab.waitFor(async () => (await seriesOf('up == 1')).length === 2);
});
afterAll(() => lab.close());

const fetch = async (url: string): Promise<string> =>
  (await lab.run(lab.victim, ['curl', '--silent', url])).stdout;

interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

async function seriesOf(query: string): Promise<readonly Series[]> {
  const command = ['curl', '--silent', '--fail', '--get', '--data-urlencode', `query=${query}`];
  const { stdout } = await lab.run(lab.victim, [...command, 'http://127.0.0.1:9090/api/v1/query']);
  return stdout === '' ? [] : (JSON.parse(stdout).data?.result ?? []);
}

test('promtool finds nothing wrong with metrics, rules and scrape jobs', async () => {
  const text = await fetch('http://127.0.0.1:9771/metrics');
  const checked = await lab.run(lab.victim, inTree('promtool', 'check', 'metrics'), { input: text });
  expect(checked.stdout + checked.stderr).toBe('');
  const { stdout } = await lab.run(lab.victim, inTree('promtool', 'check', 'config', '/prometheus.yml'));
  expect(stdout).toContain('SUCCESS: 7 rules found');
});

test('the alert for a daemon that is away fires after a short run, lasts, and ends with it', async () => {
  writeFile(lab.victim, `${TREE}/case.yml`, RULES_CASE);
  const { code, stdout, stderr } = await lab.run(
    lab.victim,
    inTree('promtool', 'test', 'rules', '/case.yml'),
  );
  expect(code, stdout + stderr).toBe(0);
});

test('a scan is in Prometheus, from both jobs', async () => {
  await lab.run(lab.scanner, ['nmap', '-n', '-Pn', '-sS', '-p', '3000-3002', lab.wire.to.ipv4]);
  await detector.waitForLine(/^attackalert: Host 10\.99\.0\.1 has been blocked/);
  await lab.waitFor(async () => {
    const blocks = await seriesOf('portsentry_blocks_total{method="nftables"} == 1');
    return (
      blocks
        .map(({ metric }) => metric.job)
        .sort()
        .join() === 'node,portsentry'
    );
  });
  const read = await fetch('http://127.0.0.1:9100/metrics');
  expect(read).toContain('node_textfile_scrape_error 0\n');
});

test('every query of the dashboard has an answer', async () => {
  const unanswered = [];
  for (const [title, expr] of QUERIES) {
    const query = expr.replaceAll('$job', '.*').replaceAll('$instance', '.*');
    if ((await seriesOf(query)).length === 0) unanswered.push(`${title}: ${expr}`);
  }
  expect(unanswered).toEqual([]);
  expect(QUERIES.length).toBeGreaterThan(15);
  const [median] = await seriesOf(
    'histogram_quantile(0.5, sum by (le) (rate(portsentry_block_duration_seconds_bucket[5m])))',
  );
  console.log(`${QUERIES.length} queries are answered; median of the block ${median?.value[1]} s`);
  expect(Number(median?.value[1])).toBeGreaterThan(0);
});

test('no rule fires while all is well, and the end of the daemon is seen', async () => {
  const rules = JSON.parse(await fetch('http://127.0.0.1:9090/api/v1/rules'));
  const states = rules.data.groups.flatMap(
    (group: { rules: { name: string; state: string; health: string }[] }) =>
      group.rules.map(({ name, state, health }) => [name, state, health]),
  );
  expect(states).toHaveLength(7);
  for (const [, state, health] of states) expect([state, health]).toEqual(['inactive', 'ok']);
  await endBy(lab, detector);
  await lab.waitFor(async () => (await seriesOf('up{job="portsentry"} == 0')).length === 1);
  await lab.waitFor(async () => (await seriesOf('portsentry_sensor_up')).length === 0);
});
