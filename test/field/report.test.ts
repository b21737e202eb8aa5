import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Browser, type View } from '../support/browser.ts';
import { PROGRAM } from '../support/detector.ts';
import { geoFiles, writeWeek } from '../support/event-week.ts';
import { PAGE_CHECKS } from '../support/page-checks.ts';

/** The page in a real browser. The pictures stay in build/report, for those who want to look. */

const EVENTS = 20_000;
const BEGIN = Date.parse('2026-11-23T00:00:00Z');
const PICTURES = 'build/report';

/** Markup, control and bidi characters, halves of characters, and much of it. */
const HOSTILE: readonly string[] = [
  '</title></style></svg></table><script>alert(1)</script><img src=http://192.0.2.1/x onerror=alert(2)>',
  '"><svg/onload=alert(3)><a href="javascript:alert(4)">\'`=x',
  '\u202egnp.exe\u2066\u0000\u001b[2J\u0007\ud800\u2028\ufeff<!--',
  '&lt;b&gt;&#60;i&#62;]]>',
  'x'.repeat(10_000),
];

const VIEWS: Readonly<Record<string, View>> = {
  light: { width: 1_280 },
  dark: { width: 1_280, scheme: 'dark' },
  print: { width: 800, media: 'print', scheme: 'dark' },
  phone: { width: 360 },
};

let folder: string;
let browser: Browser;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'portsentry-report-'));
  mkdirSync(PICTURES, { recursive: true });
  browser = await Browser.start();
});

afterAll(async () => {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Makes the page of these lines, and returns its path. */
function makePage(
  name: string,
  lines: readonly string[],
  databases: Readonly<Record<string, Buffer>>,
): string {
  const [events, geo, conf, page] = ['json', 'geo', 'conf', 'html'].map((end) =>
    join(folder, `${name}.${end}`),
  );
  writeFileSync(events as string, `${lines.join('\n')}\n`);
  mkdirSync(geo as string);
  for (const [file, bytes] of Object.entries(databases)) writeFileSync(join(geo as string, file), bytes);
  writeFileSync(conf as string, `EVENT_FILE="${events}"\nGEOIP_DB="${geo}"\n`);
  execFileSync(process.execPath, [PROGRAM, 'report', '-c', conf as string, '--html', page as string]);
  return page as string;
}

/** The events of one source whose every text is the given one. */
function linesOf(text: string, index: number): string[] {
  const time = new Date(BEGIN + index * 3_600_000).toISOString();
  const address = `192.0.2.${index + 1}`;
  const base = { '@timestamp': time, source: { address, ip: address }, network: { transport: 'tcp' } };
  const destination = { address: '203.0.113.10', ip: '203.0.113.10', port: 22 };
  const own = { mode: text, kind: text, tool: text, evidence: text, ignored: text };
  const scan = {
    first: time,
    last: time,
    probes: 3,
    ports: 2,
    kinds: [text],
    targets: 1,
    shape: text,
    tool: text,
  };
  const failure = { method: text, reason: text, until: null };
  return [
    { ...base, event: { action: 'probe' }, destination, portsentry: own },
    {
      ...base,
      event: { action: 'scan' },
      portsentry: { evidence: text, scan: { ...scan, ranges: [{ transport: 'tcp', first: 22, last: 23 }] } },
    },
    { ...base, event: { action: 'block' }, destination, portsentry: { ...own, ...failure } },
    { ...base, event: { action: 'refused' }, destination, portsentry: { ...own, rule: text } },
    { ...base, event: { action: 'unblock' }, portsentry: { target: address, how: text, rule: text } },
    { ...base, event: { action: 'block-failed' }, destination, portsentry: { ...own, ...failure } },
  ].map((event) => JSON.stringify(event));
}

const TAGS = `[...document.querySelectorAll('*')].map((element) => element.tagName).join(' ')`;

test.each(Object.entries(VIEWS))('a week in %s: quiet, well formed and readable', async (name, view) => {
  const lines: string[] = [];
  writeWeek(EVENTS, BEGIN, (line) => lines.push(line));
  const page = makePage(`week-${name}`, lines, geoFiles());
  expect(await browser.open(page, view)).toEqual({ requests: [], complaints: [] });
  expect(await browser.evaluate(PAGE_CHECKS)).toEqual([]);
  writeFileSync(join(PICTURES, `${name}.png`), await browser.screenshot());
  if (name === 'print') writeFileSync(join(PICTURES, 'print.pdf'), await browser.pdf());
});

test('everything opens, and stays readable', async () => {
  const lines: string[] = [];
  writeWeek(2_000, BEGIN, (line) => lines.push(line));
  const page = makePage('opened', lines, geoFiles());
  await browser.open(page, { width: 1_280 });
  await browser.evaluate("document.querySelectorAll('details').forEach((part) => part.open = true)");
  for (const view of Object.values(VIEWS)) {
    await browser.look(view);
    expect(await browser.evaluate(PAGE_CHECKS)).toEqual([]);
  }
});

test('hostile names make no element and break no table', async () => {
  const plain = HOSTILE.map((_, index) => `name ${index}`);
  const tagsOf = async (name: string, texts: readonly string[]) => {
    const lines = texts.flatMap(linesOf);
    const page = makePage(name, lines, geoFiles(texts[0]));
    expect(await browser.open(page, VIEWS.light as View)).toEqual({ requests: [], complaints: [] });
    return browser.evaluate<string>(TAGS);
  };
  const expected = await tagsOf('plain', plain);
  expect(await tagsOf('hostile', HOSTILE)).toBe(expected);
  await browser.evaluate("document.querySelectorAll('details').forEach((part) => part.open = true)");
  for (const [name, view] of Object.entries(VIEWS)) {
    await browser.look(view);
    expect(await browser.evaluate(PAGE_CHECKS)).toEqual([]);
    writeFileSync(join(PICTURES, `hostile-${name}.png`), await browser.screenshot());
  }
  const text = await browser.evaluate<string>('document.body.textContent');
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
  expect(text).toContain('<script>alert(1)</script>');
});

test('the terminal gets no control characters of theirs', () => {
  makePage('text', HOSTILE.flatMap(linesOf), geoFiles(HOSTILE[2]));
  const { stdout } = spawnSync(process.execPath, [PROGRAM, 'report', '-c', join(folder, 'text.conf')], {
    encoding: 'utf8',
  });
  expect(stdout).toContain('Sources');
  expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
});
