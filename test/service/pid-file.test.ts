import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chownSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { refuseOccupied, removePidFile, writePidFile } from '../../src/service/pid-file.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ps-pid-'));
  path = join(folder, 'portsentry.pid');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

test('the file holds our ID and is readable by all, whatever the umask', async () => {
  const umask = process.umask(0o077);
  await writePidFile(path);
  process.umask(umask);
  expect(readFileSync(path, 'utf8')).toBe(`${process.pid}\n`);
  expect(statSync(path).mode & 0o777).toBe(0o644);
  expect(readdirSync(folder)).toEqual(['portsentry.pid']);
});

test('the file is removed only while it holds our ID', async () => {
  await writePidFile(path);
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
])('%s does not stop a start', async (_name, text) => {
  writeFileSync(path, text);
  await expect(refuseOccupied(path)).resolves.toBeUndefined();
});

/** A process of that name; it has written its ID into the file, which stays locked if `locks` is set. */
async function startNamed(name: string, locks = true): Promise<ChildProcess> {
  const lock = locks ? 'exec 9>>"$1"; flock -x 9;' : '';
  const script = `printf %s "$0" > /proc/self/comm; echo $$ > "$1"; ${lock} echo ready; read -r _`;
  const started = spawn('bash', ['-c', script, name, path], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void started.kill('SIGKILL'));
  await once(started.stdout as Readable, 'data');
  return started;
}

const OCCUPIED = /: another portsentry \(pid \d+\) is running: stop it, or choose another --pidfile$/;

test('a running portsentry stops a start, until it has ended', async () => {
  const other = await startNamed('portsentry');
  await expect(refuseOccupied(path)).rejects.toThrow(OCCUPIED);
  // The time of the file tells nothing: somebody may have set the clock.
  utimesSync(path, 1, 1);
  await expect(refuseOccupied(path)).rejects.toThrow(OCCUPIED);
  other.kill('SIGKILL');
  await once(other, 'exit');
  await expect(refuseOccupied(path)).resolves.toBeUndefined();
});

test('fault 28: a process of our name that has not locked the file has got the ID of one that ended', async () => {
  await startNamed('portsentry', false);
  await expect(refuseOccupied(path)).resolves.toBeUndefined();
});

test.each([
  ['of another name', 'sleep', () => {}],
  ['of another user than the file', 'portsentry', () => chownSync(path, 65_534, 65_534)],
])('a process %s does not stop a start, also if it has locked the file', async (_what, name, prepare) => {
  await startNamed(name);
  prepare();
  await expect(refuseOccupied(path)).resolves.toBeUndefined();
});

test('where nothing can be locked, a process of our name is believed, and the reason is said', async () => {
  await startNamed('portsentry', false);
  writeFileSync(join(folder, 'flock'), '#!/bin/sh\nexit 66\n', { mode: 0o755 });
  vi.stubEnv('PATH', `${folder}:${process.env.PATH}`);
  await expect(refuseOccupied(path)).rejects.toThrow(OCCUPIED);
  expect(await writePidFile(path)).toBe('flock ended with 66');
});

test('fault 30: a pipe in the place of the file is nobody, and does not hang', async () => {
  expect(spawnSync('mkfifo', [path]).status).toBe(0);
  await expect(refuseOccupied(path)).resolves.toBeUndefined();
});

test('a missing folder is reported', async () => {
  const written = writePidFile(join(folder, 'none', 'pid'));
  await expect(written).rejects.toThrow(/^--pidfile: cannot be written: ENOENT/);
});
