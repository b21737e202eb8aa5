import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { refuseOccupied, removePidFile, writePidFile } from '../../src/service/pid-file.ts';
import { eventually } from '../support/eventually.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ps-pid-'));
  path = join(folder, 'portsentry.pid');
});
afterEach(() => rmSync(folder, { recursive: true }));

test('the file holds our ID and is readable by all, whatever the umask', () => {
  const umask = process.umask(0o077);
  writePidFile(path);
  process.umask(umask);
  expect(readFileSync(path, 'utf8')).toBe(`${process.pid}\n`);
  expect(statSync(path).mode & 0o777).toBe(0o644);
});

test('the file is removed only while it holds our ID', () => {
  writePidFile(path);
  removePidFile(path);
  expect(() => statSync(path)).toThrow('ENOENT');
  writeFileSync(path, '1\n');
  removePidFile(path);
  expect(readFileSync(path, 'utf8')).toBe('1\n');
  expect(() => removePidFile(join(folder, 'none'))).not.toThrow();
});

test.each([
  ['an ID that no process has', '4194305\n'],
  ['the ID of another program', '1\n'],
  ['our own ID', `${process.pid}\n`],
  ['text', 'x\n'],
  ['an empty file', ''],
  ['a long line of digits', `${'1'.repeat(100)}\n`],
])('%s does not stop a start', (_name, text) => {
  writeFileSync(path, text);
  expect(() => refuseOccupied(path)).not.toThrow();
});

test('a running portsentry stops a start', async () => {
  const other = spawn('bash', ['-c', 'printf portsentry > /proc/self/comm; echo ready; read -r _'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  writeFileSync(path, `${other.pid}\n`);
  await eventually(() => {
    expect(() => refuseOccupied(path)).toThrow(/: another portsentry \(pid \d+\) is running: /);
  });
  other.stdin.end();
});

test('fault 28: a process of our name that is younger than the file does not stop a start', async () => {
  const other = spawn('bash', ['-c', 'printf portsentry > /proc/self/comm; echo ready; read -r _'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  await once(other.stdout, 'data');
  writeFileSync(path, `${other.pid}\n`);
  expect(() => refuseOccupied(path)).toThrow(/: another portsentry/);
  const yesterday = new Date(Date.now() - 86_400_000);
  utimesSync(path, yesterday, yesterday);
  expect(() => refuseOccupied(path)).not.toThrow();
  other.stdin.end();
});

test('fault 30: a pipe in the place of the file is nobody, and does not hang', () => {
  expect(spawnSync('mkfifo', [path]).status).toBe(0);
  expect(() => refuseOccupied(path)).not.toThrow();
});

test('a missing folder is reported', () => {
  expect(() => writePidFile(join(folder, 'none', 'pid'))).toThrow(/^--pidfile: cannot be written: ENOENT/);
});
