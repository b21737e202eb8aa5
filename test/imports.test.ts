import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';

/**
 * The way of the data (ARCHITECTURE.md). A folder imports only from folders above its own line. Folders of one line do
 * not import each other.
 */
const LAYERS: readonly (readonly string[])[] = [
  ['net', 'files'],
  ['config'],
  ['capture', 'listen'],
  ['decode'],
  ['classify'],
  ['watch', 'track'],
  ['commands'],
  ['nft'],
  ['sensor', 'firewall'],
  ['ledger'],
  ['respond'],
  ['record', 'preflight', 'engine.ts'],
  ['replay', 'report', 'share', 'metrics', 'notify', 'control'],
  ['cli'],
  ['service'],
  ['daemon'],
  ['main.ts'],
];

/**
 * Only these read a clock, handle signals or touch `process`. `commands` starts and ends programs for the others, and
 * `files` asks which user it opens files for.
 */
const TOUCH_THE_PROCESS = /^(daemon|service|cli|sensor)\/|^main\.ts$|^replay\/actions\.ts$/;
const START_PROGRAMS = /^(commands|files)\//;

const STATIC = /^(?:import|export)\b[^;]*?\bfrom '([^']+)'|^import '([^']+)'/gm;
const DYNAMIC = /\bimport\('([^']+)'\)/g;
const CLOCK = /\bDate\.now\b|\bperformance\.now\b|\bnew Date\(\)|from 'node:perf_hooks'/;
const PROCESS = /\bprocess\.[a-z]|from 'node:process'/;

/** A file of `src` by its path in there, and what it imports: paths in `src`, or names of packages. */
interface Source {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
}

/** The folder of a path, or the file itself when it lies in the root of `src`. */
function unitOf(path: string): string {
  return path.split('/')[0] as string;
}

function layerOf(path: string): number {
  return LAYERS.findIndex((layer) => layer.includes(unitOf(path)));
}

function parse(path: string, text: string): Source {
  const specifiers = [...text.matchAll(STATIC), ...text.matchAll(DYNAMIC)].map(
    ([, a, b]) => (a ?? b) as string,
  );
  const resolve = (specifier: string) =>
    specifier.startsWith('.') ? normalize(join(dirname(path), specifier)) : specifier;
  return { path, text, imports: specifiers.map(resolve) };
}

function readSources(): Source[] {
  return readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => parse(path, readFileSync(join('src', path), 'utf8')));
}

/** One line for each import or use that breaks a rule: file, what it uses, and the rule. */
function breaches({ path, text, imports }: Source): string[] {
  const found: string[] = [];
  const layer = layerOf(path);
  if (layer < 0)
    found.push(`${path}: lies in no folder of the map; only main.ts and engine.ts lie in the root`);
  for (const target of imports) {
    if (!target.endsWith('.ts') || unitOf(target) === unitOf(path)) continue;
    if (target.startsWith('..')) found.push(`${path}: imports ${target}, which is outside src`);
    else if (layerOf(target) === layer) found.push(`${path}: imports ${target}, which stands beside it`);
    else if (layerOf(target) > layer) found.push(`${path}: imports ${target}, against the way of the data`);
  }
  const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
  if (TOUCH_THE_PROCESS.test(path)) return found;
  if (CLOCK.test(code)) found.push(`${path}: reads a clock; take the time as an argument`);
  if (PROCESS.test(code) && !START_PROGRAMS.test(path)) found.push(`${path}: touches the process`);
  return found;
}

/** Each circle once, as the names that it goes through. */
function circles(edges: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (name: string, way: readonly string[]): void => {
    const at = way.indexOf(name);
    if (at >= 0) found.push([...way.slice(at), name].join(' -> '));
    if (at >= 0 || done.has(name)) return;
    for (const next of edges.get(name) ?? []) visit(next, [...way, name]);
    done.add(name);
  };
  for (const name of edges.keys()) visit(name, []);
  return found;
}

function edgesOf(sources: readonly Source[], name: (path: string) => string): Map<string, Set<string>> {
  const edges = new Map<string, Set<string>>();
  for (const { path, imports } of sources) {
    const from = edges.get(name(path)) ?? new Set();
    for (const target of imports)
      if (target.endsWith('.ts') && name(target) !== name(path)) from.add(name(target));
    edges.set(name(path), from);
  }
  return edges;
}

const sources = readSources();

test('the way of the data is kept: no folder imports one below or beside its own line', () => {
  expect(sources.length).toBeGreaterThan(200);
  expect(sources.flatMap(breaches)).toEqual([]);
});

test('no file imports itself by way of others, and no folder does', () => {
  expect(circles(edgesOf(sources, (path) => path))).toEqual([]);
  expect(circles(edgesOf(sources, unitOf))).toEqual([]);
});

test.each([
  ['net/prefix.ts', "import type { Config } from '../config/config.ts';", 'against the way of the data'],
  ['capture/live.ts', "import { probe } from '../listen/contact.ts';", 'stands beside it'],
  ['decode/link/sll.ts', "import { Kind } from '../../classify/kind.ts';", 'against the way of the data'],
  ['watch/home.ts', "import {\n  Tracker,\n} from '../track/tracker.ts';", 'stands beside it'],
  ['firewall/none.ts', "import { child } from '../sensor/child.ts';", 'stands beside it'],
  ['respond/plan.ts', "export { line } from '../record/lines1.ts';", 'against the way of the data'],
  ['record/log.ts', "const daemon = await import('../daemon/daemon.ts');", 'against the way of the data'],
  ['track/source.ts', "import { readFileSync } from 'node:fs';\nconst now = Date.now();", 'reads a clock'],
  ['ledger/line.ts', "import { env } from 'node:process';", 'touches the process'],
  ['helpers/text.ts', '', 'lies in no folder of the map'],
])('a wrong import in %s is found', (path, text, rule) => {
  const [breach, ...others] = breaches(parse(path, text));
  expect(breach).toContain(path);
  expect(breach).toContain(rule);
  expect(others).toEqual([]);
});

test('a circle is found, also of types alone', () => {
  const planted = [
    parse('track/a.ts', "import type { B } from './b.ts';"),
    parse('track/b.ts', "import type { A } from './a.ts';"),
  ];
  expect(circles(edgesOf(planted, (path) => path))).toEqual(['track/a.ts -> track/b.ts -> track/a.ts']);
});
