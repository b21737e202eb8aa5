import { expect, test } from 'vitest';
import { Kind } from '../../src/classify/kind.ts';
import { Reason } from '../../src/decode/reason.ts';
import { formatMetrics } from '../../src/metrics/exposition.ts';
import { familiesOf, type Readings } from '../../src/metrics/families.ts';
import { BlockCounts } from '../../src/respond/block-counts.ts';
import { modePlace, ProbeCounts } from '../../src/track/probe-counts.ts';
import { readings } from '../support/metrics-readings.ts';

/** The value of each series. */
function series(more: Partial<Readings> = {}): Map<string, number> {
  const lines = formatMetrics(familiesOf(readings(more))).split('\n');
  const samples = lines.filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    samples.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

test('every series is there from the start: nothing that happens adds one', () => {
  const probes = new ProbeCounts();
  const blocks = new BlockCounts();
  probes.addProbe(Kind.syn, modePlace('atcp'));
  probes.addProbe(Kind.udp, modePlace('audp'));
  probes.addScan('arp sweep', null);
  blocks.addMade('nftables');
  blocks.addFailed('none');
  blocks.addEnded('evicted');
  blocks.addRefused('opened');
  blocks.addDuration(2);
  const reports = new Map([[Reason.none, 5] as [number, number], [Reason.fragment, 2] as [number, number]]);
  const later = series({ probes, blocks, reports });
  expect([...later.keys()]).toEqual([...series().keys()]);
  expect(Object.fromEntries([...later].filter(([name, value]) => value !== series().get(name)))).toEqual({
    portsentry_reports_total: 7,
    'portsentry_undecoded_total{reason="fragment without header"}': 2,
    'portsentry_probes_total{kind="syn",mode="atcp"}': 1,
    'portsentry_probes_total{kind="udp",mode="audp"}': 1,
    'portsentry_scans_total{shape="arp sweep",tool="unknown"}': 1,
    'portsentry_blocks_total{method="nftables"}': 1,
    'portsentry_block_failures_total{method="none"}': 1,
    'portsentry_unblocks_total{cause="evicted"}': 1,
    'portsentry_refused_blocks_total{rule="opened"}': 1,
    ...Object.fromEntries(
      ['0.0025', '0.005', '0.01', '0.025', '0.05', '0.1', '0.25', '0.5', '1', '+Inf'].map((le) => [
        `portsentry_block_duration_seconds_bucket{le="${le}"}`,
        1,
      ]),
    ),
    portsentry_block_duration_seconds_sum: 0.002,
    portsentry_block_duration_seconds_count: 1,
  });
});

test('each mode has series of the kinds that it can see, and keeps what it has counted after a reload', () => {
  const kindsOf = (more: Partial<Readings>) =>
    [...series(more).keys()].flatMap((name) => /kind="(.*)",mode="(.*)"/.exec(name)?.slice(1).join() ?? []);
  expect(kindsOf({ modes: ['tcp', 'udp'] })).toEqual(['connect,tcp', 'connect,udp']);
  const probes = new ProbeCounts();
  probes.addProbe(Kind.fin, modePlace('stcp'));
  expect(kindsOf({ modes: ['udp'], probes })).toEqual(['fin,stcp', 'connect,udp']);
  expect(kindsOf({ modes: ['sudp'] })).toEqual(['udp,sudp']);
});

test('names and labels are as Prometheus wants them, and none is one of node_exporter', () => {
  for (const { name, type, help, samples } of familiesOf(readings())) {
    expect(name).toMatch(/^portsentry_[a-z_]+$/);
    expect(name.endsWith('_total')).toBe(type === 'counter');
    expect(help).toMatch(/^[A-Z].*\.$|; always 1\.$/);
    for (const { labels = {} } of samples) {
      for (const [label, value] of Object.entries(labels)) {
        expect(label).toMatch(/^[a-z]+$/);
        // An empty label is no label.
        expect(value).not.toBe('');
      }
    }
  }
});
