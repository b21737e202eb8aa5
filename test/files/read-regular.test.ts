import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readRegular } from '../../src/files/read-regular.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ps-read-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test.each([
  ['a pipe without a writer', () => join(folder, 'pipe'), 'a pipe, not a file'],
  ['a folder', () => folder, 'a folder, not a file'],
  ['an endless device', () => '/dev/zero', 'a device, not a file'],
])('fault 30: %s is refused at once', (_what, path, message) => {
  spawnSync('mkfifo', [join(folder, 'pipe')]);
  expect(() => readRegular(path(), 10)).toThrow(message);
});

test('/dev/null is an empty file', () => {
  expect(readRegular('/dev/null', 10)).toHaveLength(0);
});

test('no more is read than asked for', () => {
  const path = join(folder, 'file');
  writeFileSync(path, 'x'.repeat(200_000));
  expect(readRegular(path, 1_000_000)).toHaveLength(200_000);
  expect(readRegular(path, 100_000)).toHaveLength(100_000);
});
