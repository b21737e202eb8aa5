import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { closeEventFiles, openEventFiles } from '../../src/report/event-files.ts';
import { MAX_LINE_BYTES } from '../../src/report/event-lines.ts';
import type { FiledEvent } from '../../src/report/filed-event.ts';
import { readEvents, type Span } from '../../src/report/read-events.ts';
import { rotatedFiles } from '../../src/report/rotated.ts';

const ALL: Span = { since: null, until: null };
const DAY_MS = 86_400_000;
const BEGIN = Date.parse('2026-11-20T00:00:00Z');

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'event-files-'));
  path = join(folder, 'events.json');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The line of a probe of port `port`, `port` days after the beginning. */
function line(port: number): string {
  return `${JSON.stringify({
    '@timestamp': new Date(BEGIN + port * DAY_MS).toISOString(),
    event: { action: 'probe', kind: 'event' },
    source: { address: '192.0.2.1', ip: '192.0.2.1', port: 40_000 },
    destination: { address: '192.0.2.9', ip: '192.0.2.9', port },
    network: { transport: 'tcp', type: 'ipv4' },
    portsentry: { mode: 'atcp', kind: 'syn', connects: 1 },
  })}\n`;
}

function write(name: string, ...ports: readonly number[]): void {
  const text = ports.map(line).join('');
  writeFileSync(join(folder, name), name.endsWith('.gz') ? gzipSync(text) : text);
}

async function read(span = ALL) {
  const found = openEventFiles(path);
  const events: FiledEvent[] = [];
  const result = await readEvents(found.files, span, (event) => events.push(event));
  closeEventFiles(found.files);
  const ports = events.map((event) => ('port' in event ? event.port : null));
  const troubles = [...found.troubles, ...result.troubles].map((text) => text.replace(`${folder}/`, ''));
  return { ...result, ports, troubles };
}

test.each([
  ['numbers', ['events.json.10.gz', 'events.json.2.gz', 'events.json.1', 'events.json']],
  ['dates', ['events.json-20261122.gz', 'events.json-20261129', 'events.json']],
  ['dates with hours', ['events.json-2026112909.gz', 'events.json-2026112910', 'events.json']],
  ['dates with hyphens', ['events.json-2026-11-22.gz', 'events.json-2026-11-29', 'events.json']],
  [
    'dates with seconds',
    ['events.json-20261122-1795354417', 'events.json-20261122-1795354418', 'events.json'],
  ],
  ['an extension that stays last', ['events-20261122.json.gz', 'events-20261129.json', 'events.json']],
  ['numbers, and dates since then', ['events.json.1', 'events.json-20261129', 'events.json']],
])('rotated files are found oldest first: %s', (_, names) => {
  for (const name of names.toReversed()) write(name, 1);
  expect(rotatedFiles(path).paths.map((each) => basename(each))).toEqual(names);
});

test('other files are none of the event file', () => {
  for (const name of ['events.json.bak', 'events.json~', 'events.jsonx.1', 'xevents.json.1', 'eventsXjson.1'])
    write(name, 1);
  expect(rotatedFiles(path).paths).toEqual([path]);
});

test('plain and gzipped files are one stream', async () => {
  write('events.json.3.gz', 1, 2);
  write('events.json.2.gz', 3);
  write('events.json.1', 4);
  write('events.json', 5, 6);
  expect(await read()).toMatchObject({ ports: [1, 2, 3, 4, 5, 6], events: 6, badLines: 0, troubles: [] });
});

test('a file that logrotate is compressing counts once', async () => {
  write('events.json.1', 1, 2);
  writeFileSync(join(folder, 'events.json.1.gz'), gzipSync(line(1)).subarray(0, 20));
  expect(await read()).toMatchObject({ ports: [1, 2], troubles: [] });
});

test('a file that is renamed after it was opened is read to its end', async () => {
  write('events.json', 1);
  const found = openEventFiles(path);
  renameSync(path, `${path}.1`);
  appendFileSync(`${path}.1`, line(2));
  const ports: unknown[] = [];
  await readEvents(found.files, ALL, (event) => ports.push('port' in event ? event.port : null));
  closeEventFiles(found.files);
  expect(ports).toEqual([1, 2]);
});

test('a span leaves out the events beside it, and does not read files that end before it', async () => {
  writeFileSync(`${path}.2`, `${line(1)}this line is not read\n`);
  write('events.json.1', 3, 4, 5);
  write('events.json', 6, 7);
  const span = { since: BEGIN + 4 * DAY_MS, until: BEGIN + 7 * DAY_MS };
  expect(await read(span)).toMatchObject({ ports: [4, 5, 6], outside: 2, badLines: 0 });
});

test('lines that are no events are counted, and the first one is named', async () => {
  const bad = [
    '{',
    '[]',
    'null',
    '{"event":{"action":"probe"}}',
    '\0\xff'.repeat(100),
    '{"a":'.repeat(50_000),
    line(1).trim().replace('2026', '+275760'),
    line(1).trim().replace('2026', '1969'),
  ];
  writeFileSync(path, `${line(1)}\n${bad.join('\n')}\n${line(2)}`);
  const { ports, badLines, troubles } = await read();
  expect({ ports, badLines }).toEqual({ ports: [1, 2], badLines: bad.length });
  expect(troubles).toEqual([
    'events.json: 8 lines are no events of portsentry and are left out; the first one is line 3',
  ]);
});

test.each([MAX_LINE_BYTES + 1, 3 * MAX_LINE_BYTES])('a line of %i octets is left out', async (length) => {
  writeFileSync(path, `${line(1)}${'x'.repeat(length)}\n${line(2)}`);
  expect(await read()).toMatchObject({ ports: [1, 2], badLines: 1 });
});

test('the longest line is read, and so is a last line without its line feed', async () => {
  const text = line(1).trimEnd();
  writeFileSync(path, `${text}${' '.repeat(MAX_LINE_BYTES - text.length)}\n${line(2).trimEnd()}`);
  expect(await read()).toMatchObject({ ports: [1, 2], badLines: 0 });
});

test('damage and other kinds of files get a line, and the rest is read', async () => {
  const zipped = gzipSync(Array.from({ length: 400 }, (_, index) => line(index)).join(''));
  writeFileSync(join(folder, 'events.json.3.gz'), zipped.subarray(0, zipped.length - 400));
  mkdirSync(join(folder, 'events.json.2'));
  write('events.json.1.xz', 1);
  write('events.json', 7);
  const { ports, troubles } = await read();
  expect(ports.length).toBeGreaterThan(1);
  expect(ports.at(-1)).toBe(7);
  expect(troubles.join('\n')).toMatch(/events\.json\.1\.xz: only gzip is read/);
  expect(troubles.join('\n')).toMatch(/events\.json\.2: is a folder/);
  expect(troubles.join('\n')).toMatch(/events\.json\.3\.gz: gzip data is cut off/);
});

test('an event file that does not exist has no events', async () => {
  expect(await read()).toMatchObject({ events: 0, troubles: [] });
});
