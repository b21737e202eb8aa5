import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { CommandBackend } from '../../src/firewall/command.ts';
import { blockOf, configWith, testFolder } from '../respond/given.ts';

const V4 = '10.99.0.1';
const V6 = '2001:db8::1';

const RUNS: [what: 'block' | 'release', settings: Partial<Config>, source: string, result: string | null][] =
  [
    ['block', { killRoute: 'echo four $TARGET$ >&2; exit 1' }, V4, `exit status 1: four ${V4}`],
    ['block', { killRoute: 'true' }, V4, null],
    ['block', { killRoute: 'true', killRoute6: 'echo six $TARGET$; false' }, V6, `exit status 1: six ${V6}`],
    ['block', { killRoute: 'echo four $TARGET$; false' }, V6, `exit status 1: four ${V6}`],
    ['block', { killRoute6: 'true' }, V4, 'no KILL_ROUTE is set for IPv4'],
    ['block', { killRoute: 'sleep 60', actionTimeout: 100 }, V4, 'timed out after 0.1 s'],
    ['release', { unkillRoute: 'echo undo $TARGET$; false' }, V4, `exit status 1: undo ${V4}`],
    ['release', { unkillRoute: 'false', unkillRoute6: 'true' }, V6, null],
    ['release', { killRoute: 'true' }, V4, 'no UNKILL_ROUTE is set for IPv4'],
  ];

test.each(RUNS)('%s with %j for %s gives %j', async (what, settings, source, result) => {
  expect(await new CommandBackend(configWith(settings))[what](blockOf(source))).toBe(result);
});

test('a block ends when the daemon does', async () => {
  const backend = new CommandBackend(configWith({ killRoute: 'sleep 60' }));
  expect(await backend.block(blockOf(V4), AbortSignal.timeout(100))).toBe('portsentry is ending');
});

test('it cannot list what the command has blocked', async () => {
  const backend = new CommandBackend(configWith({ killRoute: 'true' }));
  await backend.open();
  await backend.block(blockOf(V4));
  expect(await backend.list()).toBeNull();
  await backend.close();
});

// "With the usual `iptables` command every IPv6 scanner is called blocked and is not."
test('a command that knows IPv4 only does not block an IPv6 scanner', async () => {
  const log = `${testFolder()}/log`;
  const iptables = `case $TARGET$ in *:*) echo "host/network $TARGET$ not found" >&2; exit 2;; esac; echo $TARGET$ >> ${log}`;
  const backend = new CommandBackend(configWith({ killRoute: iptables }));
  expect(await backend.block(blockOf(V6))).toBe(`exit status 2: host/network ${V6} not found`);
  expect(await backend.block(blockOf(V4))).toBeNull();
  expect(readFileSync(log, 'utf8')).toBe(`${V4}\n`);
});
