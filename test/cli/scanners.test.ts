import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { PastSources } from '../../src/cli/past-sources.ts';
import { merge, renderScanners, runScanners } from '../../src/cli/scanners.ts';
import type { ScannerInfo } from '../../src/control/scanners.ts';
import { EveForm } from '../../src/record/eve.ts';
import { ECS_FORM } from '../../src/record/event-formats.ts';
import type { FiledScan } from '../../src/report/filed-event.ts';
import { NOW, SCANNER, serve, testFolder } from '../control/given.ts';
import { probeEvent, scanEvent } from '../record/given.ts';
import { configFile, run } from './given.ts';

beforeEach(() => {
  vi.stubEnv('TZ', 'UTC');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const V6 = { ...SCANNER, source: '2001:db8:1:2::/64', tool: null, target: null, until: null } as const;

const TABLE = `\
SOURCE             FIRST             LAST              PROBES  PORTS  KINDS    TOOL  SHAPE     DONE
10.99.0.1          2026-11-22 13:22  2026-11-22 13:33  12      10     syn fin  nmap  vertical  blocked, ends in 10 min
2001:db8:1:2::/64  2026-11-22 13:22  2026-11-22 13:33  12      10+    syn fin  -     vertical  spared: gateway
10.0.0.9           2026-11-22 13:22  2026-11-22 13:33  12      10     syn fin  nmap  vertical  not in force as 10.0.0.0/8, ends never; from now on spared: a ?[2J rule
`;

test('the table', () => {
  const rows = [
    SCANNER,
    { ...V6, atLeast: true, done: 'spared', rule: 'gateway' },
    {
      ...SCANNER,
      source: '10.0.0.9',
      done: 'not in force',
      target: '10.0.0.0/8',
      until: null,
      rule: 'a \x1b[2J rule',
    },
  ] as const;
  expect(renderScanners(rows, NOW)).toBe(TABLE);
  expect(renderScanners([], NOW)).toBe('Nobody has probed a port in this time.\n');
});

test('texts of event files are cut and cleaned', () => {
  const table = renderScanners(
    [{ ...SCANNER, tool: '\u202e\x1b'.repeat(5_000), shape: '<b>'.repeat(9_999) }],
    NOW,
  );
  expect(table).not.toMatch(/[\x1b\u202e]/);
  expect(table.split('\n')[1]?.length).toBeLessThan(300);
});

describe('a source of both', () => {
  const scan: FiledScan = {
    action: 'scan',
    time: NOW,
    source: SCANNER.source,
    first: SCANNER.firstSeen,
    last: NOW - 5_000,
    probes: 10,
    ports: 9,
    atLeast: false,
    ranges: [],
    kinds: ['udp'],
    targets: 1,
    targetNames: [],
    shape: 'single',
    tool: null,
    evidence: null,
    sources: 1,
    decoys: [],
    isAlert: true,
  };
  const merged = (...scans: readonly FiledScan[]) => {
    const past = new PastSources();
    for (const each of scans) past.take(each);
    return merge([SCANNER], past, NOW);
  };

  test('is there once, with the numbers of the daemon for its scan of today', () => {
    expect(merged(scan)).toMatchObject([
      { probes: 12, ports: 10, done: 'blocked', kinds: ['syn', 'fin', 'udp'] },
    ]);
  });

  test('has the probes of earlier scans too', () => {
    const earlier = { ...scan, first: NOW - 9e6, last: NOW - 8e6, probes: 100, ports: 50 };
    expect(merged(earlier)).toMatchObject([{ probes: 112, ports: 50, atLeast: true, firstSeen: NOW - 9e6 }]);
    expect(merged(earlier, scan)).toMatchObject([{ probes: 112 }]);
  });

  test('has its single probes once: the daemon counts those of its scan', () => {
    const past = new PastSources();
    const probe = {
      action: 'probe',
      source: SCANNER.source,
      mode: 'atcp',
      kind: 'syn',
      transport: 'tcp',
    } as const;
    const rest = { destination: null, port: 1, connects: 1, triggered: true, ignored: null, evidence: null };
    for (const time of [SCANNER.firstSeen - 9e6, SCANNER.firstSeen, SCANNER.firstSeen + 5])
      past.take({ ...probe, ...rest, time, tool: null, decoy: false });
    expect(merge([SCANNER], past, NOW)).toMatchObject([{ probes: 13, firstSeen: SCANNER.firstSeen - 9e6 }]);
  });

  test('others stay as they are', () => {
    expect(merged({ ...scan, source: '192.0.2.1' }).map(({ source }) => source)).toEqual([
      '192.0.2.1',
      '10.99.0.1',
    ]);
  });
});

const OPTIONS = { since: undefined, sort: 'last', limit: undefined, json: false } as const;
const names = (stdout: string) =>
  stdout
    .split('\n')
    .slice(1, -1)
    .map((line) => line.split(' ')[0]);

/** The line of a scan as the daemon writes it. */
const eventLine = (source: string, time: number) =>
  `${JSON.stringify({
    '@timestamp': new Date(time).toISOString(),
    event: { action: 'scan', kind: 'alert' },
    source: { address: source },
    portsentry: {
      scan: { first: new Date(time).toISOString(), last: new Date(time).toISOString(), probes: 3, ports: 3 },
    },
  })}\n`;

describe('the command', () => {
  const sources: ScannerInfo[] = [
    { ...SCANNER, source: '10.0.0.9', probes: 5, lastSeen: NOW - 1 },
    { ...SCANNER, source: '10.0.0.10', probes: 7, lastSeen: NOW - 2 },
  ];

  test.each([
    ['last', ['10.0.0.9', '10.0.0.10']],
    ['probes', ['10.0.0.10', '10.0.0.9']],
    ['source', ['10.0.0.9', '10.0.0.10']],
  ] as const)('--sort %s', async (sort, order) => {
    const { path } = await serve({ scanners: () => sources });
    const file = configFile(`CONTROL_SOCKET="${path}"`);
    const { stdout } = await run(file, (given, output) =>
      runScanners({ ...OPTIONS, ...given, sort }, output),
    );
    expect(names(stdout)).toEqual(order);
  });

  test('--limit, --json and --since', async () => {
    const asked: (number | null)[] = [];
    const scanners = (since: number | null) => {
      asked.push(since);
      return sources;
    };
    const { path } = await serve({ scanners });
    const file = configFile(`CONTROL_SOCKET="${path}"`);
    const { stdout } = await run(file, (given, output) =>
      runScanners({ ...OPTIONS, ...given, limit: '1', json: true, since: '2026-11-22 13:00' }, output),
    );
    expect(JSON.parse(stdout)).toEqual({
      ...sources[0],
      firstSeen: '2026-11-22T13:22:37.000Z',
      lastSeen: '2026-11-22T13:33:36.999Z',
      until: '2026-11-22T13:43:37.000Z',
    });
    expect(asked).toEqual([Date.parse('2026-11-22T13:00:00Z')]);
  });

  test.each([
    [{ limit: '0' }, '--limit: expected a number from 1 on, found "0"'],
    [{ limit: 'many' }, '--limit: expected a number from 1 on, found "many"'],
    [{ since: 'noon' }, /^--since: expected a time such as .*, found "noon"$/],
  ])('%j is refused', async (more, error) => {
    const file = configFile('');
    const result = await run(file, (given, output) => runScanners({ ...OPTIONS, ...given, ...more }, output));
    expect(result).toMatchObject({ exit: 64, error: expect.stringMatching(error) });
  });

  test('without a daemon it says so in one line, and has the sources of the event file', async () => {
    const events = join(testFolder(), 'events.json');
    writeFileSync(
      events,
      eventLine('192.0.2.1', Date.now() - 3_600_000) + eventLine('192.0.2.2', Date.now() - 2e8),
    );
    const file = configFile('CONTROL_SOCKET="/nowhere/socket"', `EVENT_FILE="${events}"`);
    const ask = (since: string | undefined) =>
      run(file, (given, output) => runScanners({ ...OPTIONS, ...given, since }, output));
    const day = await ask(undefined);
    expect(day.exit).toBe(0);
    expect(names(day.stdout)).toEqual(['192.0.2.1']);
    expect(day.stderr).toMatch(
      /^portsentry: no portsentry answers on \/nowhere\/socket: is it running\? \(.*\); these are the sources of EVENT_FILE\n$/,
    );
    expect(names((await ask('1w')).stdout)).toEqual(['192.0.2.1', '192.0.2.2']);
  });

  test('events of both formats make the same sources', async () => {
    const time = Date.now() - 60_000;
    const [ecs, eve] = [ECS_FORM, new EveForm('host1')].map((form) => {
      const source = { source: '192.0.2.1', time };
      const events = [
        probeEvent({ ...source, evidence: 'spoofable', tool: 'nmap' }),
        scanEvent({ ...source, evidence: 'handshake', first: time, last: time + 9_000 }),
        scanEvent({ source: '2001:db8:1::/64', time, first: time, last: time, triggered: false }),
        scanEvent({ source: '192.0.2.3', time, first: time, last: time, sources: 3, decoys: ['192.0.2.4'] }),
      ];
      return `${events.map((event) => form.line(event)).join('\n')}\n`;
    });
    const rowsOf = async (text: string | undefined) => {
      const path = join(testFolder(), 'events.json');
      writeFileSync(path, text ?? '');
      const file = configFile('CONTROL_SOCKET="/nowhere/socket"', `EVENT_FILE="${path}"`);
      return run(file, (given, output) => runScanners({ ...OPTIONS, ...given, json: true }, output));
    };
    const expected = (await rowsOf(ecs)).stdout;
    expect(expected).toContain('"evidence":"handshake"');
    expect(expected.trimEnd().split('\n')).toHaveLength(3);
    expect((await rowsOf(eve)).stdout).toBe(expected);
  });

  test('without a daemon and without an event file it fails as list does', async () => {
    const file = configFile('CONTROL_SOCKET="/nowhere/socket"');
    const result = await run(file, (given, output) => runScanners({ ...OPTIONS, ...given }, output));
    expect(result).toMatchObject({ exit: 69, stdout: '', error: expect.stringContaining('is it running?') });
  });

  test('lines that are no events are said, and the rest is read', async () => {
    const events = join(testFolder(), 'events.json');
    writeFileSync(events, `nonsense\n${eventLine('192.0.2.1', Date.now())}`);
    const { path } = await serve({ scanners: () => sources });
    const file = configFile(`CONTROL_SOCKET="${path}"`, `EVENT_FILE="${events}"`);
    const { stdout, stderr } = await run(file, (given, output) =>
      runScanners({ ...OPTIONS, ...given }, output),
    );
    expect(stderr).toBe(`portsentry: ${events}: line 1 is no event of portsentry and is left out\n`);
    expect(names(stdout)).toEqual(['192.0.2.1', '10.0.0.9', '10.0.0.10']);
  });
});
