import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ServiceManager } from '../../src/service/service-manager.ts';
import { eventually } from '../support/eventually.ts';

/** A script replaces systemd-notify here; the end-to-end tests use the real one. */

let folder: string;
let program: string;
let logged: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ps-notify-'));
  program = join(folder, 'notify');
  logged = [];
  writeFileSync(program, `#!/bin/sh\necho "$NOTIFY_SOCKET $*" >> ${folder}/sent\n`, { mode: 0o755 });
});
afterEach(() => rmSync(folder, { recursive: true }));

function managerWith(env: NodeJS.ProcessEnv): ServiceManager {
  return new ServiceManager({ env, pid: 77, tell: (text) => logged.push(text), program });
}

function sent(): string[] {
  const path = join(folder, 'sent');
  return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n') : [];
}

async function sentAfter(count: number): Promise<string[]> {
  await eventually(() => expect(sent().length).toBeGreaterThanOrEqual(count));
  return sent();
}

test('messages keep their order', async () => {
  const manager = managerWith({ NOTIFY_SOCKET: '/s' });
  manager.reloading();
  manager.ready('fine');
  manager.stopping();
  const [reloading, ...others] = await sentAfter(3);
  expect(reloading).toMatch(/^\/s RELOADING=1 MONOTONIC_USEC=\d+$/);
  expect(others).toEqual(['/s READY=1 STATUS=fine MAINPID=77', '/s --no-block STOPPING=1']);
});

test('nothing runs without a service manager', async () => {
  const manager = managerWith({ WATCHDOG_USEC: '2000000' });
  manager.ready('');
  manager.tick(1_000_000, true, 'other');
  managerWith({ NOTIFY_SOCKET: '/s' }).stopping();
  expect(await sentAfter(1)).toEqual(['/s --no-block STOPPING=1']);
});

test('the watchdog is fed before half of its time is over, and only while healthy', async () => {
  const manager = managerWith({ NOTIFY_SOCKET: '/s', WATCHDOG_USEC: '20000000', WATCHDOG_PID: '77' });
  manager.tick(0, true, '');
  await sentAfter(1);
  // The script ends a moment after it wrote, and until then `tick` does nothing.
  await eventually(() => {
    for (let now = 1_000; now <= 9_000; now += 1_000) manager.tick(now, true, '');
    manager.tick(10_000, true, '');
    expect(sent()).toHaveLength(2);
  });
  for (let now = 11_000; now < 60_000; now += 1_000) manager.tick(now, false, '');
  manager.stopping();
  expect(await sentAfter(3)).toEqual(['/s WATCHDOG=1', '/s WATCHDOG=1', '/s --no-block STOPPING=1']);
});

test('the status is sent when it changes, at most once a minute', async () => {
  const manager = managerWith({ NOTIFY_SOCKET: '/s' });
  manager.tick(0, true, 'one');
  await sentAfter(1);
  await eventually(() => {
    manager.tick(59_999, true, 'two');
    manager.tick(60_000, true, 'three');
    expect(sent()).toHaveLength(2);
  });
  expect(sent()).toEqual(['/s STATUS=one', '/s STATUS=three']);
});

test('its own variables are removed from the environment', () => {
  const env: NodeJS.ProcessEnv = {
    NOTIFY_SOCKET: '/s',
    WATCHDOG_USEC: '1',
    WATCHDOG_PID: '77',
    PATH: '/bin',
  };
  managerWith(env);
  expect(env).toEqual({ PATH: '/bin' });
});

test('a failure is logged once', async () => {
  rmSync(program);
  const manager = managerWith({ NOTIFY_SOCKET: '/s' });
  manager.ready('');
  manager.stopping();
  await eventually(() => expect(logged).toHaveLength(1));
  expect(logged[0]).toMatch(/^Cannot notify the service manager: .*ENOENT/);
});
