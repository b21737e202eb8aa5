import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { type TrialParts, tryBlock } from '../../src/daemon/trial-block.ts';
import type { Backend } from '../../src/firewall/backend.ts';
import { CommandBackend } from '../../src/firewall/command.ts';
import { NullBackend } from '../../src/firewall/null.ts';
import type { LedgerMethod } from '../../src/ledger/entry.ts';
import { configWith } from '../respond/given.ts';

const V4 = /203\.0\.113\.\d+/;
const V6 = /2001:db8:[0-9a-f]+:[0-9a-f]+::1/;

function trial(backend: Backend, parts: Partial<TrialParts> = {}) {
  return tryBlock({
    method: 'null',
    config: configWith({}),
    open: async () => backend,
    isBlocked: () => false,
    now: () => 0,
    families: [4, 6],
    ...parts,
  });
}

/** A back end of which some verbs do something else. */
function backendWith(verbs: Partial<Backend>): Backend {
  return Object.assign(new NullBackend(), verbs);
}

test('an address of each family is put in and taken out again, and nothing is left', async () => {
  const backend = new NullBackend();
  const { result, message } = await trial(backend);
  expect([result, message]).toEqual([
    'ok',
    expect.stringMatching(new RegExp(`^${V4.source} and ${V6.source}: put in by null and taken out again$`)),
  ]);
  expect(await backend.list()).toEqual([]);
});

test.each<[string, Partial<Backend>, RegExp]>([
  ['that refuses', { block: async () => 'no room' }, /: could not be put in: no room$/],
  [
    'that only says so',
    { list: async () => [] },
    /: could not be put in: it is not among the blocks afterwards$/,
  ],
  ['that breaks', { list: () => Promise.reject(new Error('no table')) }, /: could not be put in: no table$/],
  [
    'that takes nothing out',
    { release: async () => null },
    /: could not be taken out again: it is still among the blocks; look for it and take it out by hand$/,
  ],
  [
    'that fails in both',
    { block: async () => 'timed out', release: async () => 'timed out, too' },
    /: could not be put in: timed out; and could not be taken out again: timed out, too; /,
  ],
])('a method %s fails', async (_what, verbs, message) => {
  expect(await trial(backendWith(verbs))).toEqual({
    name: 'trial block',
    result: 'fail',
    message: expect.stringMatching(message),
  });
});

test('what failed is taken out all the same', async () => {
  const released: string[] = [];
  const release: Backend['release'] = async ({ target }) => {
    released.push(target);
    return null;
  };
  await trial(backendWith({ block: async () => 'timed out', release }));
  expect(released).toEqual([expect.stringMatching(V4), expect.stringMatching(V6)]);
});

test('a method that cannot be opened says why', async () => {
  const open = () => Promise.reject(new Error('nft: not found; install nftables'));
  expect((await trial(new NullBackend(), { open })).message).toBe('null: nft: not found; install nftables');
});

test('an address that is blocked is not touched', async () => {
  const asked: string[] = [];
  const isBlocked = (target: string) => asked.push(target) < 3;
  const { message } = await trial(new NullBackend(), { isBlocked, families: [4] });
  expect(message).toContain(asked.at(-1));
});

test.each<[LedgerMethod, Partial<Config>, string]>([
  ['hosts.deny', {}, 'a line in hosts.deny is no block that could be tried'],
  ['none', {}, 'nobody is blocked, so no trial was made'],
  [
    'command',
    { killRoute: 'true' },
    'no trial was made: without UNKILL_ROUTE it could not be taken out again',
  ],
])('with the method %s no trial is made', async (method, settings, message) => {
  const open = () => Promise.reject(new Error('opened'));
  const check = await trial(new NullBackend(), { method, config: configWith(settings), open });
  expect(check).toEqual({ name: 'trial block', result: 'skip', message });
});

test('KILL_ROUTE and UNKILL_ROUTE are run with the address', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'portsentry-trial-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const run = join(folder, 'run');
  const config = configWith({
    killRoute: `echo in $TARGET$ >> ${run}`,
    unkillRoute: `echo out $TARGET$ >> ${run}`,
  });
  const backend = new CommandBackend(config);
  onTestFinished(() => backend.close());
  const { result, message } = await trial(backend, { method: 'command', config, families: [4] });
  expect([result, message]).toEqual(['ok', expect.stringMatching(/; only the exit status of the commands/)]);
  const target = V4.exec(message)?.[0];
  expect(readFileSync(run, 'utf8')).toBe(`in ${target}\nout ${target}\n`);
});
