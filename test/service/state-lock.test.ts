import { spawnSync } from 'node:child_process';
import {
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
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { lockState } from '../../src/service/state-lock.ts';

let folder: string;
let state: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ps-lock-'));
  state = join(folder, 'state');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

test('fault 28: the second one is refused, by its folder and by the process that has it', async () => {
  expect(await lockState(state)).toBeNull();
  expect(statSync(state).mode & 0o777).toBe(0o700);
  expect(readFileSync(join(state, 'lock'), 'utf8')).toBe(`${process.pid}\n`);
  await expect(lockState(state)).rejects.toThrow(
    `STATE_DIR ${state}: another portsentry (pid ${process.pid}) uses it: stop it, or choose another STATE_DIR`,
  );
});

test('a lock that a process left behind is none: it ends with the process, also without a chance to clean up', async () => {
  mkdirSync(state);
  const script = 'exec 9>"$0/lock"; flock -n 9 && echo 1 >&9 && kill -KILL $$';
  expect(spawnSync('bash', ['-c', script, state]).signal).toBe('SIGKILL');
  expect(readFileSync(join(state, 'lock'), 'utf8')).toBe('1\n');
  expect(await lockState(state)).toBeNull();
});

test('where nothing can be locked, the reason is said', async () => {
  writeFileSync(state, '');
  expect(await lockState(state)).toBe('state is no folder');
  rmSync(state);
  mkdirSync(state);
  symlinkSync(join(folder, 'elsewhere'), join(state, 'lock'));
  expect(await lockState(state)).toBe('it is a symbolic link, which is not followed');
  expect(readdirSync(folder)).toEqual(['state']);
});
