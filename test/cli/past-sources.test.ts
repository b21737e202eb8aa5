import { describe, expect, test } from 'vitest';
import { PastSources } from '../../src/cli/past-sources.ts';
import type { FiledAction, FiledEvent, FiledProbe, FiledScan } from '../../src/report/filed-event.ts';

const START = 1_795_354_417_000;
const A = '192.0.2.1';

function probeOf(more: Partial<FiledProbe> = {}): FiledProbe {
  return {
    action: 'probe',
    time: START,
    source: A,
    mode: 'atcp',
    kind: 'syn',
    transport: 'tcp',
    destination: '10.0.0.1',
    port: 111,
    connects: 1,
    triggered: false,
    ignored: null,
    evidence: 'spoofable',
    tool: null,
    decoy: false,
    ...more,
  };
}

function scanOf(more: Partial<FiledScan> = {}): FiledScan {
  return {
    action: 'scan',
    time: START + 9_000,
    source: A,
    first: START,
    last: START + 9_000,
    probes: 12,
    ports: 10,
    atLeast: false,
    ranges: [],
    kinds: ['syn'],
    targets: 2,
    targetNames: [],
    shape: 'vertical',
    tool: 'nmap',
    evidence: 'repeated',
    sources: 1,
    decoys: [],
    isAlert: true,
    ...more,
  };
}

function actionOf(action: FiledAction['action'], more: Partial<FiledAction> = {}): FiledAction {
  const { mode, kind, transport, destination, port, time, source } = probeOf();
  const plain = { target: source, until: null, times: 1, method: null, reason: null, note: null, rule: null };
  return { action, time, source, mode, kind, transport, destination, port, ...plain, ...more };
}

function rowsOf(events: readonly Parameters<PastSources['take']>[0][], now = START + 60_000, max?: number) {
  const past = new PastSources(max);
  for (const event of events) past.take(event);
  return { past, rows: [...past.rows(now)] };
}

const onlyRow = (...args: Parameters<typeof rowsOf>) => {
  const { rows } = rowsOf(...args);
  expect(rows).toHaveLength(1);
  return rows[0];
};

describe('the numbers', () => {
  test('of single probes, when no scan was summed up: there may be more', () => {
    const probes = [1, 2, 2].map((port, index) => probeOf({ port, time: START + index, tool: 'nmap' }));
    expect(onlyRow(probes)).toMatchObject({
      source: A,
      firstSeen: START,
      lastSeen: START + 2,
      probes: 3,
      ports: 2,
      atLeast: true,
      shape: 'vertical',
      tool: 'nmap',
      done: 'seen',
    });
  });

  test('of a scan take the place of its probes', () => {
    expect(onlyRow([probeOf(), probeOf({ port: 2 }), scanOf()])).toMatchObject({
      probes: 12,
      ports: 10,
      atLeast: false,
      targets: 2,
      evidence: 'repeated',
      done: 'logged',
    });
  });

  test('of a scan that is summed up again are not added', () => {
    const again = scanOf({ time: START + 99_000, last: START + 99_000, probes: 20, ports: 11 });
    expect(onlyRow([scanOf(), again])).toMatchObject({ probes: 20, ports: 11, lastSeen: START + 99_000 });
  });

  test('of several scans add up; ports at least', () => {
    const second = scanOf({ first: START + 1e6, last: START + 2e6, probes: 5, ports: 3 });
    expect(onlyRow([scanOf(), second, probeOf({ time: START + 3e6 })])).toMatchObject({
      probes: 18,
      ports: 10,
      atLeast: true,
      firstSeen: START,
      lastSeen: START + 3e6,
    });
  });
});

describe('what was done', () => {
  const until = START + 600_000;
  test.each([
    ['blocked', [actionOf('block', { until })], { done: 'blocked', until, target: A }],
    [
      'blocked, and its time is over',
      [actionOf('block', { until: START + 1 })],
      { done: 'unblocked', until: null },
    ],
    [
      'unblocked',
      [
        actionOf('block'),
        { action: 'unblock', time: START, source: A, target: A, since: null, how: 'unblocked', rule: null },
      ],
      { done: 'unblocked' },
    ],
    ['failed', [actionOf('block-failed', { reason: 'no nft' })], { done: 'failed' }],
    ['spared', [actionOf('refused', { rule: 'gateway' })], { done: 'spared', rule: 'gateway' }],
    ['spared from the start', [probeOf({ ignored: 'own' })], { done: 'spared', rule: 'own' }],
    ['told to a notifier only', [actionOf('notify')], { done: 'logged' }],
    ['a decoy', [scanOf({ sources: 17 })], { done: 'decoy' }],
  ] as const)('%s', (_name, events, expected) => {
    expect(onlyRow([scanOf(), ...(events as readonly FiledEvent[])])).toMatchObject(expected);
  });

  test('a block by hand of somebody who never probed makes no row', () => {
    expect(rowsOf([actionOf('block', { note: 'by hand' })]).rows).toEqual([]);
  });
});

test('memory is bounded: those seen longest ago are left out, and counted', () => {
  const events = Array.from({ length: 100 }, (_, index) =>
    probeOf({ source: `10.0.0.${index}`, port: index }),
  );
  const { past, rows } = rowsOf([...events, probeOf({ source: '10.0.0.96' })], START, 3);
  expect(rows.map(({ source }) => source)).toEqual(['10.0.0.98', '10.0.0.99', '10.0.0.96']);
  expect(past.leftOut).toBe(98);
});

test('a source of very many ports and kinds is kept in bounded memory', () => {
  const probes = Array.from({ length: 2_000 }, (_, port) => probeOf({ port, kind: `kind ${port}` }));
  expect(onlyRow(probes)).toMatchObject({ probes: 2_000, ports: 256, atLeast: true });
  expect(onlyRow(probes)?.kinds).toHaveLength(16);
});
