import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PROGRAM, UNBUNDLED } from '../support/detector.ts';
import { geoFiles, writeWeek } from '../support/event-week.ts';

const BEGIN = Date.parse('2026-11-23T00:00:00Z');
const CAPTURE = 'fixtures/captures/nmap-sS.pcap';

let folder: string;
let lines: string[];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'report-'));
  lines = [];
  writeWeek(1_000, BEGIN, (line) => lines.push(line));
  writeFileSync(at('events.1.gz'), gzipSync(`${lines.slice(0, 500).join('\n')}\n`));
  writeFileSync(at('events'), `${lines.slice(500).join('\n')}\n`);
  mkdirSync(at('geo'));
  for (const [name, bytes] of Object.entries(geoFiles())) writeFileSync(at(`geo/${name}`), bytes);
  writeFileSync(at('conf'), `EVENT_FILE="${at('events')}"\nGEOIP_DB="${at('geo')}"\n`);
  writeFileSync(at('empty.conf'), '');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string) => join(folder, name);

/** Runs `report` with these words; `@` before a name is the folder. */
function report(words: string, input = '', program = UNBUNDLED) {
  const args = ['report', ...words.split(' ').map((word) => word.replace('@', `${folder}/`))];
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    encoding: 'utf8',
    input,
    env: { ...process.env, TZ: 'UTC' },
  });
  return { status, stdout, stderr: stderr.replaceAll(`${folder}/`, '') };
}

const jsonOf = (words: string, input = '') => JSON.parse(report(`${words} --json`, input).stdout);

test('EVENT_FILE and its rotated file are one report, with countries', () => {
  const { status, stdout, stderr } = report('-c @conf');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toContain(`events          ${lines.length}\n`);
  for (const part of [
    'Ports by time',
    'Probes by time',
    'Sources',
    'Countries',
    'Networks',
    'Ports',
    'Kinds',
    'Tools',
  ])
    expect(stdout).toContain(`\n${part}`);
  expect(stdout).toMatch(/[\u2801-\u28ff]/);
});

test('the bundle makes the same page as the program that is not bundled', () => {
  const pages = [UNBUNDLED, PROGRAM].map((program) => report('-c @conf --html -', '', program).stdout);
  const [one, other] = pages.map((page) => page.replace(/<footer>.*<\/footer>/, ''));
  expect(other).toBe(one);
  expect(one).toContain('Sources by country');
});

test('the same events from files, compressed, in a pipe and from standard input', () => {
  const expected = { events: lines.length, bad_lines: 0 };
  expect(jsonOf('-c @conf @events.1.gz @events')).toMatchObject({ ...expected, host: null });
  expect(jsonOf('-c @conf -', `${lines.join('\n')}\n`)).toMatchObject(expected);
  const words = `'${process.execPath}' '${UNBUNDLED}' report --json <(zcat '${at('events.1.gz')}')`;
  const piped = execFileSync('bash', ['-c', words], { encoding: 'utf8' });
  expect(JSON.parse(piped)).toMatchObject({ events: 500 });
});

test('a capture is judged as replay judges it', () => {
  const { probes, scans, top_sources: sources } = jsonOf(CAPTURE);
  const summary = JSON.parse(
    execFileSync(process.execPath, [UNBUNDLED, 'replay', '--format=none', '--summary=json', CAPTURE], {
      encoding: 'utf8',
    }),
  );
  expect({ probes, scans }).toEqual({ probes: summary.probes, scans: summary.scans });
  expect(sources[0]).toMatchObject({ probes, ports: summary.top_sources[0].ports, tool: 'nmap' });
});

test('the same capture as ECS, as EVE and as both has the same sums', () => {
  const capture = 'fixtures/captures/story.pcap';
  const linesOf = (format: string) => {
    const words = ['replay', '-atcp', '-audp', '--no-summary', '--format', format, capture];
    const text = execFileSync(process.execPath, [PROGRAM, ...words], { encoding: 'utf8', maxBuffer: 1e8 });
    return text.trimEnd().split('\n');
  };
  const [ecs, eve] = [linesOf('json'), linesOf('eve')];
  const both = ecs.map((line, index) => (index % 2 === 0 ? line : eve[index]));
  const [expected, ...others] = [ecs, eve, both].map((all) => {
    const { made, files, ...sums } = jsonOf('-', `${all.join('\n')}\n`);
    return sums;
  });
  expect(expected).toMatchObject({ events: ecs.length, bad_lines: 0 });
  expect(expected.probes).toBeGreaterThan(300);
  for (const sums of others) expect(sums).toEqual(expected);
});

test('a span', () => {
  const all = jsonOf('-c @conf').events;
  const before = jsonOf('-c @conf --until 2026-11-26').events;
  const after = jsonOf('-c @conf --since 2026-11-26T00:00:00').events;
  expect(before).toBeGreaterThan(0);
  expect(before + after).toBe(all);
  expect(jsonOf('-c @conf --since 100d --until 1s')).toMatchObject({ since: expect.stringMatching(/Z$/) });
});

test('a page is replaced as a whole, keeps its mode, and leaves nothing beside it', () => {
  mkdirSync(at('www'));
  writeFileSync(at('www/page.html'), '<!DOCTYPE html>\nold');
  chmodSync(at('www/page.html'), 0o640);
  expect(report('-c @conf --html @www/page.html')).toEqual({ status: 0, stdout: '', stderr: '' });
  expect(readFileSync(at('www/page.html'), 'utf8')).toContain('</html>');
  expect(lstatSync(at('www/page.html')).mode & 0o777).toBe(0o640);
  expect(readdirSync(at('www'))).toEqual(['page.html']);
});

test('no link is followed to the page, and no device is replaced', () => {
  writeFileSync(at('victim'), 'stays');
  symlinkSync(at('victim'), at('link.html'));
  symlinkSync('/dev/null', at('null.html'));
  for (const name of ['link.html', 'null.html']) {
    expect(report(`-c @conf --html @${name}`)).toMatchObject({
      status: 64,
      stderr: `portsentry: --html: ${name} is no regular file; name a file, or - for standard output\n`,
    });
    expect(lstatSync(at(name)).isSymbolicLink()).toBe(true);
  }
  expect(readFileSync(at('victim'), 'utf8')).toBe('stays');
});

test('a page replaces no input and nothing else than a page', () => {
  const text = `${lines[0]}\n`;
  writeFileSync(at('t.json'), text);
  linkSync(at('t.json'), at('hard.json'));
  copyFileSync(CAPTURE, at('c.pcap'));
  writeFileSync(at('other.txt'), 'my notes');
  writeFileSync(at('empty.html'), '');
  const isInput = (name: string) =>
    `portsentry: --html: ${name} is read for this report; name another file for the page\n`;
  for (const [words, stderr] of [
    ['@t.json --html @t.json', isInput('t.json')],
    ['@t.json --html @hard.json', isInput('hard.json')],
    ['@c.pcap --html @c.pcap', isInput('c.pcap')],
    ['-c @conf --html @events.1.gz', isInput('events.1.gz')],
    ['--html @t.json -c @conf', /^portsentry: --html: t\.json has something else than a page in it/],
    ['@t.json --html @other.txt', /^portsentry: --html: other\.txt has something else than a page in it/],
  ] as const) {
    const result = report(words);
    expect(result.status, words).toBe(64);
    expect(result.stderr).toMatch(stderr);
    expect(result.stderr.trimEnd()).not.toContain('\n');
  }
  expect(readFileSync(at('t.json'), 'utf8')).toBe(text);
  expect(readFileSync(at('other.txt'), 'utf8')).toBe('my notes');
  expect(report('@t.json --html @empty.html')).toMatchObject({ status: 0, stderr: '' });
});

test.each([
  ['-c @empty.conf', 78, /^portsentry: EVENT_FILE is not set in empty\.conf; set it, or name event files/],
  ['-c @empty.conf @none', 66, /^portsentry: none: no such file or directory\n$/],
  ['-c @nonexistent', 66, /^portsentry: nonexistent/],
  ['-c @conf --since yesterday', 64, /^portsentry: --since: expected a time such as .* found "yesterday"\n$/],
  [
    '-c @conf --since 1h --until 2h',
    64,
    /^portsentry: --until: expected a time after --since 1h, found "2h"\n$/,
  ],
  ['-c @conf --top -1', 64, /--top takes a whole number/],
  ['-c @conf --html - --json', 64, /both write to standard output/],
  [
    '-c @conf --html @none/page.html',
    74,
    /^portsentry: --html: none\/page\.html: no such file or directory\n$/,
  ],
  ['-c @conf --html /dev/full', 64, /no regular file/],
  ['@conf', 65, /^portsentry: conf: 2 lines are no events of portsentry/],
])('bad input: %s', (words, status, message) => {
  const result = report(words);
  expect(result.status).toBe(status);
  expect(result.stderr).toMatch(message);
  expect(result.stderr.trimEnd()).not.toContain('\n');
});

test('a damaged file is named, and the rest is reported', () => {
  writeFileSync(at('cut.gz'), gzipSync(`${lines.join('\n')}\n`).subarray(0, 20_000));
  const { status, stdout, stderr } = report('@cut.gz @events --json');
  expect(status).toBe(65);
  expect(stderr).toContain('cut.gz: gzip data is cut off; it is read as far as it goes\n');
  expect(JSON.parse(stdout).events).toBeGreaterThan(lines.length - 500);
});

test('without events there is a report that says so', () => {
  writeFileSync(at('nothing'), '');
  expect(report('@nothing')).toMatchObject({ status: 0, stderr: '' });
  expect(report('@nothing --html -').stdout).toContain('There were no probes');
});
