import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { parseConfig } from '../../src/config/load.ts';
import { warmUp } from '../../src/daemon/warm-up.ts';
import { Engine } from '../../src/engine.ts';
import { NullBackend } from '../../src/firewall/null.ts';
import { SocketTable } from '../../src/watch/sockets.ts';
import { testFolder } from '../record/given.ts';

const HOSTS_DENY = '/etc/hosts.deny';

function config(...lines: readonly string[]): Config {
  const { config, findings } = parseConfig(lines.join('\n'), 'f');
  if (config === null) throw new Error(JSON.stringify(findings));
  return config;
}

function hostsDeny(): string | null {
  return existsSync(HOSTS_DENY) ? readFileSync(HOSTS_DENY, 'utf8') : null;
}

test('plays the whole way of a scan: probes that are judged, told and blocked', async () => {
  const taken = vi.spyOn(Engine.prototype, 'take');
  const blocked = vi.spyOn(NullBackend.prototype, 'block');
  await warmUp(config(), new SocketTable('/proc/self/net'));
  expect(taken.mock.results.some(({ value }) => value === true)).toBe(true);
  expect(blocked.mock.calls.length).toBeGreaterThan(20);
});

test('nothing of it is written or carried out, whatever is configured', async () => {
  const folder = testFolder();
  const command = (name: string) => `/bin/touch ${folder}/${name}`;
  const before = hostsDeny();
  for (const policy of [1, 2]) {
    const configured = config(
      `HISTORY_FILE="${folder}/history"`,
      `BLOCKED_FILE="${folder}/blocked"`,
      `EVENT_FILE="${folder}/events"`,
      `KILL_ROUTE="${command('route')} $TARGET$"`,
      `KILL_RUN_CMD="${command('command')}"`,
      'KILL_HOSTS_DENY="ALL: $TARGET$"',
      `BLOCK_TCP="${policy}"`,
      `BLOCK_UDP="${policy}"`,
    );
    await warmUp(configured, new SocketTable('/proc/self/net'));
  }
  expect(readdirSync(folder)).toEqual([]);
  expect(hostsDeny()).toBe(before);
});
