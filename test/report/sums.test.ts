import fc from 'fast-check';
import { expect, test } from 'vitest';
import { buildReport } from '../../src/report/build-report.ts';
import { parseEventLine } from '../../src/report/event-line.ts';
import type { FiledEvent } from '../../src/report/filed-event.ts';
import { reportPage } from '../../src/report/html/page.ts';
import { PLOT_ROWS } from '../../src/report/port-plot.ts';
import { nothingRead } from '../../src/report/read-events.ts';
import { reportJson } from '../../src/report/report-json.ts';
import { EventSums } from '../../src/report/sums.ts';
import { writeWeek } from '../support/event-week.ts';

const BEGIN = Date.parse('2026-11-23T00:00:00Z');
const NO_ORIGINS = {
  paths: [],
  originOf: () => ({ country: null, countryName: null, asn: null, operator: null }),
};

function sumsOf(events: Iterable<FiledEvent>): EventSums {
  const sums = new EventSums(64);
  for (const event of events) sums.take(event);
  return sums;
}

function reportOf(sums: EventSums, events: number, top = 10) {
  return buildReport(sums, {
    version: '3.0.0',
    made: BEGIN,
    host: 'host',
    files: ['events.json'],
    since: null,
    until: null,
    read: { ...nothingRead(), events },
    top,
    origins: NO_ORIGINS,
  });
}

function parsed(line: string): FiledEvent {
  const event = parseEventLine(line);
  if (event === null) throw new Error(`not an event: ${line}`);
  return event;
}

/** The events that are named, at `second` seconds. */
const at = (second: number) => new Date(BEGIN + second * 1_000).toISOString();

function probe(source: string, port: number, second: number): FiledEvent {
  return parsed(
    JSON.stringify({
      '@timestamp': at(second),
      event: { action: 'probe' },
      source: { address: source, ip: source },
      destination: { address: '203.0.113.10', port },
      network: { transport: 'tcp' },
      portsentry: { mode: 'atcp', kind: 'syn' },
    }),
  );
}

function scan(source: string, first: number, last: number, probes: number, more: object = {}): FiledEvent {
  const ranges = [{ transport: 'tcp', first: 1, last: 10 }];
  const own = {
    first: at(first),
    last: at(last),
    probes,
    ports: 10,
    ranges,
    kinds: ['syn'],
    shape: 'vertical',
    ...more,
  };
  return parsed(
    JSON.stringify({
      '@timestamp': at(last),
      event: { action: 'scan', kind: 'alert' },
      source: { address: source, ip: source.replace(/\/.*/, '') },
      portsentry: { scan: own },
    }),
  );
}

/** The number beside a name of the page. */
function figure(page: string, name: string): number {
  const [, text] = new RegExp(`<dt>${name}</dt><dd>([\\d,]+)`).exec(page) ?? [];
  return Number(text?.replaceAll(',', ''));
}

test('the sums of page and JSON are those of the events, counted by the one who sent them', () => {
  const lines: string[] = [];
  const truth = writeWeek(30_000, BEGIN, (line) => lines.push(line));
  const sums = sumsOf(lines.map(parsed));
  const report = reportOf(sums, lines.length);
  const page = reportPage(report);
  const json = JSON.parse(reportJson(report));
  expect({
    Probes: figure(page, 'Probes'),
    Scans: figure(page, 'Scans'),
    Sources: figure(page, 'Sources'),
    Blocks: figure(page, 'Blocks'),
    'Spared sources': figure(page, 'Spared sources'),
    Events: figure(page, 'Events'),
  }).toEqual({
    Probes: truth.probes,
    Scans: truth.scans,
    Sources: truth.sources.size,
    Blocks: truth.blocks,
    'Spared sources': truth.refusals,
    Events: truth.events,
  });
  expect(json).toMatchObject({ probes: truth.probes, scans: truth.scans, events: truth.events });
  // Each part of the page adds up to the same probes.
  const sum = (counts: readonly { probes: number }[]) => counts.reduce((one, { probes }) => one + probes, 0);
  expect(sum(report.bars)).toBeCloseTo(truth.probes, 3);
  expect(sum(report.topPorts) + report.otherPorts.probes).toBeCloseTo(truth.probes, 3);
  expect(sum(report.topSources) + report.otherSources.probes).toBe(truth.probes);
  expect(report.plot?.cells.reduce((one, other) => one + other, 0)).toBeCloseTo(truth.probes, 3);
  expect(report.topSources.length + report.otherSources.sources).toBe(truth.sources.size);
});

test.each<[name: string, events: readonly FiledEvent[], probes: number, scans: number]>([
  ['a scan without its sum', [probe('192.0.2.1', 1, 0), probe('192.0.2.1', 2, 1)], 2, 0],
  [
    'a scan and its sum',
    [probe('192.0.2.1', 1, 0), probe('192.0.2.1', 2, 1), scan('192.0.2.1', 0, 9, 50)],
    50,
    1,
  ],
  [
    'a scan that goes on, and is summed up again',
    [
      probe('192.0.2.1', 1, 0),
      scan('192.0.2.1', 0, 9, 5),
      probe('192.0.2.1', 2, 900),
      scan('192.0.2.1', 0, 900, 8),
    ],
    8,
    1,
  ],
  [
    'two scans of one source',
    [
      probe('192.0.2.1', 1, 0),
      scan('192.0.2.1', 0, 9, 5),
      probe('192.0.2.1', 2, 900),
      scan('192.0.2.1', 900, 901, 3),
    ],
    8,
    2,
  ],
  [
    'addresses of one IPv6 network, summed up as the network',
    [probe('2001:db8::1', 1, 0), probe('2001:db8::2', 2, 1), scan('2001:db8::/64', 0, 9, 5)],
    5,
    1,
  ],
  [
    'a group of decoys',
    [
      probe('192.0.2.1', 1, 0),
      probe('192.0.2.2', 1, 0),
      scan('192.0.2.1', 0, 9, 40, { sources: 2, decoys: ['192.0.2.1', '192.0.2.2'], shape: 'decoy' }),
    ],
    40,
    1,
  ],
  ['a sum without ranges, as of older versions', [scan('192.0.2.1', 0, 9, 5, { ranges: undefined })], 5, 1],
  ['a sum whose end is before its beginning', [scan('192.0.2.1', 9, 0, 5)], 5, 1],
])('each probe counts once: %s', (_, events, probes, scans) => {
  const sums = sumsOf(events);
  expect({ probes: sums.probes, scans: sums.scans }).toEqual({ probes, scans });
  expect(sums.times.bars().reduce((sum, bar) => sum + bar.probes, 0)).toBeCloseTo(probes, 6);
});

test('whatever the events are, all parts have the same sum', () => {
  const source = fc.constantFrom('192.0.2.1', '192.0.2.2', '2001:db8::1', '2001:db8::2', '2001:db8:0:1::1');
  const second = fc.integer({ min: -1e9, max: 1e9 });
  const probes = fc.tuple(source, fc.integer({ min: 0, max: 65_535 }), second).map((of) => probe(...of));
  const scans = fc
    .tuple(source, second, fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 0, max: 1e5 }))
    .map(([from, first, length, count]) => scan(from, first, first + length, count));
  const events = fc.array(fc.oneof(probes, scans), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(events, (some) => {
      const sums = sumsOf(some);
      const sum = (counts: Iterable<number>) => [...counts].reduce((one, other) => one + other, 0);
      const close = (value: number) => expect(Math.abs(value - sums.probes)).toBeLessThan(1e-3);
      close(sum(sums.times.bars().map((bar) => bar.probes)));
      close(sum(sums.ports.all().map((port) => port.probes)));
      close(sum(sums.table.rows().map((row) => row.probes)));
      const plot = sums.plot.cells();
      close(sum(plot?.cells ?? []));
      expect(plot === null || plot.cells.length === plot.columns * PLOT_ROWS).toBe(true);
    }),
    { numRuns: 100 },
  );
  fc.assert(
    fc.property(events, (some) => {
      expect(reportPage(reportOf(sumsOf(some), some.length))).toContain('</html>');
    }),
    { numRuns: 10 },
  );
});

test('a flood of forged sources takes bounded memory, and is counted', () => {
  const sums = new EventSums(64);
  const count = 200_000;
  for (let number = 0; number < count; number++) {
    const source = `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
    sums.take(probe(source, 22, number / 1_000));
  }
  expect(sums.probes).toBe(count);
  expect(sums.hasMoreSources).toBe(true);
  const report = reportOf(sums, count);
  expect(sums.table.rows().length).toBeLessThanOrEqual(8_192);
  expect(report.hints.join(' ')).toContain('more sources than can be kept');
});
