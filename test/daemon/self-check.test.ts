import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import type { Modes } from '../../src/config/modes.ts';
import type { KernelSensorStatus, SensorStatus } from '../../src/control/status.ts';
import { selfCheck } from '../../src/daemon/self-check.ts';
import { Ledger } from '../../src/ledger/ledger.ts';
import type { BlockMemory } from '../../src/ledger/memory.ts';
import { KERNEL_STATUS, STATUS } from '../control/given.ts';
import { knockFrom, testFolder } from '../respond/given.ts';
import { makeBlockManager } from './given.ts';

const STEALTH: Modes = { tcp: 'atcp', udp: 'audp' };
const CONNECT: Modes = { tcp: 'tcp', udp: 'udp' };

/** The parts of a self-check of a daemon that has blocked a source, if it blocks any. */
async function given(settings: Partial<Config> = {}, memory?: BlockMemory) {
  const { manager: blockManager, config } = makeBlockManager(settings, memory);
  await blockManager.start();
  if (config.blockTcp === 1) await blockManager.respond(knockFrom('192.0.2.1'), 1);
  return {
    ...{ blockManager, config, modes: STEALTH, dryRun: false, interfaces: ['eth0', 'lo'] },
    sensor: STATUS.sensor,
  };
}

/** The results under this name, without it. */
async function resultsOf(name: string, parts: Parameters<typeof selfCheck>[0]): Promise<string[]> {
  const checks = (await selfCheck(parts)).filter((check) => check.name === name);
  return checks.map(({ result, message }) => `${result}: ${message}`);
}

test.each([
  [STEALTH, ['eth0', 'lo'], 'ok: listening on eth0, lo'],
  [STEALTH, [], 'fail: nothing is listened to: no interface is up'],
  [{ tcp: 'tcp', udp: 'audp' } as const, [], 'fail: nothing is listened to: no interface is up'],
  [CONNECT, ['lo'], 'ok: listening on lo'],
  [CONNECT, [], 'skip: not needed: the modes have sockets of their own'],
])('capture of the modes %j on %j: %s', async (modes, interfaces, result) => {
  expect(await resultsOf('capture', { ...(await given()), modes, interfaces })).toEqual([result]);
});

const { kernel } = KERNEL_STATUS.sensor as { kernel: KernelSensorStatus };
const TABLE = 'kernel: its table is loaded and owned; NFLOG group 20563 is read';

test.each<[string, Partial<SensorStatus>, readonly string[]]>([
  ['that is not needed', { name: 'none', kernel: null }, []],
  ['of captured frames', { name: 'packet', kernel: null, why: 'set' }, ['ok: set']],
  ['of the kernel', { kernel: { ...kernel, lost: 0 } }, [`ok: ${TABLE}`]],
  [
    'whose table is not owned',
    { kernel: { ...kernel, lost: 0, owned: false } },
    ['ok: kernel: its table is loaded; other programs can remove it; NFLOG group 20563 is read'],
  ],
  [
    'that has a small buffer',
    { kernel: { ...kernel, lost: 0, maxBufferBytes: 212_992 } },
    [`ok: ${TABLE}; in a flood it loses fewer reports with net.core.rmem_max=4194304`],
  ],
  ['that loses reports', { kernel }, [`warn: ${TABLE}; 2 reports were lost so far`]],
  [
    'whose table is gone',
    { kernel: { ...kernel, held: null } },
    ['fail: the table inet portsentry_sensor cannot be read: another program removed it, or nft fails'],
  ],
  [
    'that nobody reads',
    { kernel: { ...kernel, isRead: false } },
    ['fail: nobody reads NFLOG group 20563: look in the log for the reason'],
  ],
])('a sensor %s', async (_what, sensor, results) => {
  const parts = { ...(await given()), sensor: { ...KERNEL_STATUS.sensor, ...sensor } };
  expect(await resultsOf('sensor', parts)).toEqual(results);
});

test.each<[string, Partial<Config>, string]>([
  ['that lists its blocks', {}, 'ok: null; 1 block in force'],
  [
    'that cannot list them',
    { blockMethod: null, killRoute: 'true' },
    'ok: command; 1 block of which nothing can say whether it is in force',
  ],
  ['of a daemon that only logs', { blockTcp: 0 }, 'skip: BLOCK_TCP and BLOCK_UDP block no source'],
])('a block method %s', async (_what, settings, result) => {
  expect(await resultsOf('block method', await given(settings))).toEqual([result]);
});

test('blocks that another program has removed are missed', async () => {
  const parts = await given();
  await (await parts.blockManager.backends.get('null')).close('keep');
  const hint = 'another program removed them; a SIGHUP puts them back';
  expect(await resultsOf('block method', parts)).toEqual([`fail: 1 of 1 block is not in force: ${hint}`]);
});

test('a block method that works no more says why', async () => {
  const parts = await given();
  (await parts.blockManager.backends.get('null')).list = () => Promise.reject(new Error('no table'));
  expect(await resultsOf('block method', parts)).toEqual(['fail: null: no table']);
});

test.each([
  ['can', (folder: string) => mkdirSync(folder), /^ok: .*\/state is written to$/],
  ['cannot', (folder: string) => writeFileSync(folder, ''), /^fail: .*; blocks are forgotten at a restart$/],
])('a ledger that %s be written', async (_what, make, result) => {
  const stateDir = join(testFolder(), 'state');
  make(stateDir);
  const ledger = await Ledger.open(stateDir, { now: Date.now(), tell: () => {} });
  expect(await resultsOf('ledger', await given({ stateDir }, ledger))).toEqual([
    expect.stringMatching(result),
  ]);
});

test('each file of the configuration is looked at', async () => {
  const folder = testFolder();
  const [historyFile, blockedFile, eventFile] = ['history', 'blocked', 'events'].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  for (const path of [historyFile, `${blockedFile}.atcp`]) writeFileSync(path, '');
  expect(await resultsOf('file', await given({ historyFile, blockedFile, eventFile }))).toEqual([
    `ok: ${historyFile} can be written`,
    `ok: ${blockedFile}.atcp can be written`,
    `fail: ${blockedFile}.audp: ENOENT`,
    `fail: ${eventFile}: ENOENT`,
  ]);
});

test.each([
  [false, 'skip: AUTO_IGNORE is 0: gateways, resolvers and sessions are not spared'],
  // What of the processes of sshd can be seen depends on who runs the test.
  [true, expect.stringMatching(/^(ok: gateways, resolvers, time servers|warn: a session is found only if)/)],
])('lookups with autoIgnore %s', async (autoIgnore, result) => {
  expect(await resultsOf('lookups', await given({ autoIgnore }))).toEqual([result]);
});
