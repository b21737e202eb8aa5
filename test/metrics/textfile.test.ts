import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { removeMetricsFile, writeMetricsFile } from '../../src/metrics/textfile.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'portsentry-metrics-'));
  path = join(folder, 'portsentry.prom');
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
});

test('everybody may read the file, whatever the umask, and nothing is left beside it', () => {
  const umask = process.umask(0o077);
  onTestFinished(() => {
    process.umask(umask);
  });
  expect(writeMetricsFile(path, 'a 1\n')).toBeNull();
  expect(writeMetricsFile(path, 'a 2\n')).toBeNull();
  expect(readFileSync(path, 'utf8')).toBe('a 2\n');
  expect((statSync(path).mode & 0o7777).toString(8)).toBe('644');
  expect(readdirSync(folder)).toEqual(['portsentry.prom']);
  removeMetricsFile(path);
  expect(readdirSync(folder)).toEqual([]);
});

test('what a killed run left unfinished is in nobody’s way, and the collector would not read it', () => {
  writeFileSync(`${path}.new`, 'half');
  expect(`${path}.new`.endsWith('.prom')).toBe(false);
  expect(writeMetricsFile(path, 'a 1\n')).toBeNull();
  expect(readdirSync(folder)).toEqual(['portsentry.prom']);
});

test.each(['portsentry.prom', 'portsentry.prom.new'])(
  'a link in the place of %s is replaced, not followed',
  (name) => {
    const precious = join(folder, 'precious');
    writeFileSync(precious, 'precious');
    symlinkSync(precious, join(folder, name));
    expect(writeMetricsFile(path, 'a 1\n')).toBeNull();
    expect(readFileSync(precious, 'utf8')).toBe('precious');
    expect(readFileSync(path, 'utf8')).toBe('a 1\n');
  },
);

test.each<[string, () => void, RegExp]>([
  ['the folder is missing', () => rmSync(folder, { recursive: true }), /portsentry\.prom: /],
  ['a folder has the name', () => mkdirSync(path), /portsentry\.prom: /],
])('a failure is one line: %s', (_what, arrange, reason) => {
  arrange();
  const failure = writeMetricsFile(path, 'a 1\n');
  expect(failure).toMatch(reason);
  expect(failure).not.toContain('\n');
  expect(existsSync(`${path}.new`)).toBe(false);
});

test('on a full disk the old file stays, and nothing unfinished', () => {
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', folder]);
  onTestFinished(() => {
    execFileSync('umount', [folder]);
  });
  expect(writeMetricsFile(path, 'a 1\n')).toBeNull();
  expect(writeMetricsFile(path, 'x'.repeat(100_000))).toMatch(/no space left on device/);
  expect(readdirSync(folder)).toEqual(['portsentry.prom']);
  expect(readFileSync(path, 'utf8')).toBe('a 1\n');
});

test('no link is followed below a folder of another account', () => {
  const target = join(folder, 'target');
  const theirs = join(folder, 'theirs');
  mkdirSync(target);
  mkdirSync(theirs);
  execFileSync('chown', ['65534', theirs]);
  symlinkSync(target, join(theirs, 'link'));
  expect(writeMetricsFile(join(theirs, 'link/portsentry.prom'), 'a 1\n')).toMatch(/symbolic link/);
  expect(readdirSync(target)).toEqual([]);
  expect(writeMetricsFile(join(theirs, 'portsentry.prom'), 'a 1\n')).toBeNull();
});
