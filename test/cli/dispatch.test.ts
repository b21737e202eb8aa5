import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { UNBUNDLED } from '../support/detector.ts';

const DIST = pathToFileURL(resolve('dist/')).href;

/** The commands, each a module of `src/cli`. */
const COMMANDS: readonly string[] = [
  'block',
  'check',
  'completion',
  'doctor',
  'list',
  'metrics',
  'logs',
  'notify',
  'replay',
  'report',
  'scanners',
  'status',
  'unblock',
  'why',
];

/** `why` shows a block as `list` does. */
const SHARED: Readonly<Record<string, string>> = { why: 'list' };

/** The files that the program loads, from dist/ or the project; V8 lists them when it measures coverage. */
function loadedBy(...args: readonly string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'portsentry-dispatch-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const env = { ...process.env, NODE_V8_COVERAGE: folder };
  const { signal } = spawnSync(process.execPath, [UNBUNDLED, ...args], { env, input: '' });
  expect(signal).toBeNull();
  const [file] = readdirSync(folder);
  const { result } = JSON.parse(readFileSync(join(folder, file as string), 'utf8')) as {
    result: { url: string }[];
  };
  return result.flatMap(({ url }) => (url.startsWith('file:') ? url.replace(`${DIST}/`, '') : [])).sort();
}

test.each(['--version', '-V'])(
  '%s loads nothing that it does not need, not the option parser either',
  (option) => {
    expect(loadedBy(option)).toEqual([
      'cli/colour.js',
      'cli/output.js',
      'cli/standard-output-error.js',
      'cli/version.js',
      'files/program.js',
      'main.js',
      'preflight/exit.js',
      'preflight/old-node.js',
    ]);
  },
);

test.each([
  ['status'],
  ['list'],
  ['metrics'],
  ['scanners'],
  ['why', '192.0.2.1'],
  ['block', '192.0.2.1'],
  ['unblock', '192.0.2.1'],
  ['check'],
  ['notify', '--test'],
  ['logs'],
  ['completion', 'bash'],
  ['replay', '/nonexistent'],
  ['report', '/nonexistent'],
])('%s loads its own module, and neither another command nor the daemon', (command, ...args) => {
  const loaded = loadedBy(command, '-c', '/nonexistent', ...args);
  const others = COMMANDS.filter((name) => ![command, SHARED[command]].includes(name)).map(
    (name) => `cli/${name}.js`,
  );
  expect(loaded).toContain('cli/args.js');
  if (command !== 'completion') expect(loaded).toContain(`cli/${command}.js`);
  expect(loaded.filter((name) => others.includes(name))).toEqual([]);
  expect(loaded.filter((name) => /^(daemon|service)\/|winston/.test(name))).toEqual([]);
});
