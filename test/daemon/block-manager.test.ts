import { existsSync, writeFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { NullBackend } from '../../src/firewall/null.ts';
import { bootIdentity } from '../../src/ledger/boot.ts';
import { BlockMemory } from '../../src/ledger/memory.ts';
import { blockOf, knockFrom, testFolder } from '../respond/given.ts';
import { eventually } from '../support/eventually.ts';
import { address } from '../track/given.ts';
import { blockingConfig, makeBlockManager } from './given.ts';

const SOURCE = '192.0.2.1';
const DAY = 86_400_000;

/** A started manager that has blocked SOURCE. */
async function blocking(settings: Partial<Config> = {}) {
  const given = makeBlockManager(settings);
  await given.manager.start();
  expect((await given.manager.respond(knockFrom(SOURCE), 1)).action).toBe('block');
  return given;
}

/** The memory of a former run, in which SOURCE was in force until a day from now. */
function formerMemory(): BlockMemory {
  const memory = new BlockMemory();
  const since = Date.now();
  memory.decide(blockOf(SOURCE, { since, until: since + DAY }), 'null', 'an earlier boot');
  memory.confirm(SOURCE, 'an earlier boot', null);
  return memory;
}

describe('the method of new blocks', () => {
  const LOGS = 'BLOCK_TCP and BLOCK_UDP block no source';
  const ROUTE = 'BLOCK="2" runs KILL_ROUTE';
  test.each<[string, Partial<Config>, object]>([
    ['BLOCK_METHOD', {}, { name: 'null', how: 'set by BLOCK_METHOD' }],
    ['KILL_ROUTE', { blockMethod: null, killRoute: 'true' }, { name: 'command', how: 'KILL_ROUTE is set' }],
    ['UDP alone', { blockTcp: 0, blockUdp: 1 }, { name: 'null', how: 'set by BLOCK_METHOD' }],
    ['none where sources are only logged', { blockTcp: 0 }, { name: 'none', how: LOGS }],
    [
      'none where KILL_RUN_CMD is all that runs',
      { blockTcp: 2, blockUdp: 0, killRunCmd: 'true' },
      { name: 'none', how: 'KILL_RUN_CMD is run, which blocks nobody' },
    ],
    [
      'KILL_ROUTE as the external command (A7)',
      { blockTcp: 2, blockUdp: 2, killRoute: 'true' },
      { name: 'command', how: ROUTE },
    ],
    [
      'two methods',
      { blockUdp: 2, killRoute: 'true' },
      { name: 'null', how: `TCP: null, set by BLOCK_METHOD; UDP: command, ${ROUTE}` },
    ],
    [
      'hosts.deny alone',
      { blockMethod: 'none', killHostsDeny: 'ALL: $TARGET$' },
      { name: 'hosts.deny', how: 'BLOCK_METHOD is "none", and KILL_HOSTS_DENY is set' },
    ],
    [
      'none where nothing would do it',
      { blockMethod: 'none' },
      { name: 'none', how: 'nothing is configured that would block anybody' },
    ],
  ])('%s', async (_what, settings, method) => {
    const { manager } = makeBlockManager(settings);
    await manager.start();
    expect(manager.method).toMatchObject(method);
  });

  test('by hand it is found even where sources are only logged', async () => {
    const { manager } = makeBlockManager({ blockTcp: 0 });
    await manager.start();
    expect(await manager.methodByHand()).toBe('null');
  });
});

test('a response puts a block in force and reports its step; before the start it is an error', async () => {
  const { manager } = makeBlockManager();
  expect(() => manager.respond(knockFrom(SOURCE), 1)).toThrow('before the start');
  const { manager: started, steps } = await blocking();
  expect([started.blocks.size, steps.map(({ step }) => step)]).toEqual([1, ['route']]);
});

test.each([
  ['puts the blocks of a former run in force', false, [SOURCE], true],
  ['as a dry run leaves them alone', true, [], false],
])('a start %s', async (_what, dryRun, listed, inForce) => {
  const memory = formerMemory();
  const { manager } = makeBlockManager({}, memory, dryRun);
  await manager.start();
  const targets = (await (await manager.backends.get('null')).list())?.map(({ target }) => target);
  expect(targets).toEqual(listed);
  expect(memory.entries.get(SOURCE)?.boot === bootIdentity()).toBe(inForce);
});

describe('a reload', () => {
  test('keeps the blocks, and goes over to the method and the settings of the new configuration', async () => {
    const { manager } = await blocking();
    await manager.reload(blockingConfig({ blockMethod: null, killRoute: 'true', blockRateMax: 7 }));
    expect([manager.blocks.size, manager.method?.name, manager.breaker.threshold]).toEqual([1, 'command', 7]);
    expect(await manager.respond(knockFrom('192.0.2.2'), 1)).toMatchObject({ method: 'command' });
  });

  test('releases what the ignore file spares now', async () => {
    const { manager, ends } = await blocking();
    const ignoreFile = `${testFolder()}/ignore`;
    writeFileSync(ignoreFile, `${SOURCE}\n`);
    await manager.reload(blockingConfig({ ignoreFile }));
    expect(ends.map(({ how, rule }) => [how, rule])).toEqual([
      ['spared', `ignore file ${ignoreFile}:1 ${SOURCE}`],
    ]);
  });

  test('that finds no method changes nothing', async () => {
    const { manager } = await blocking({ blockMethod: null, killRoute: 'true' });
    const open = vi.spyOn(NullBackend.prototype, 'open').mockRejectedValue(new Error('no table'));
    onTestFinished(() => open.mockRestore());
    const hint = 'set BLOCK_METHOD or KILL_ROUTE to something that works here';
    await expect(manager.reload(blockingConfig({ blockRateMax: 7 }))).rejects.toMatchObject({
      exit: 69,
      message: `sources cannot be blocked: no table; ${hint}`,
    });
    expect([manager.method.name, manager.breaker.threshold]).toEqual(['command', 300]);
    expect(await manager.respond(knockFrom('192.0.2.2'), 1)).toMatchObject({ method: 'command' });
    const { manager: logging } = makeBlockManager({ blockTcp: 0, blockMethod: 'none' });
    await logging.start();
    await expect(logging.reload(blockingConfig())).rejects.toThrow('no table');
    expect(await logging.methodByHand()).toBe('none');
  });
});

test('a tick ends the blocks whose time is over', async () => {
  const { manager, ends } = await blocking();
  manager.tick(Date.now() + DAY + 1);
  await eventually(() => expect(ends.map(({ how }) => how)).toEqual(['expired']));
});

test('a tick releases a block that the never-block list has come to spare', async () => {
  const { manager, ends } = await blocking();
  manager.allowList.spareForTrial(address(SOURCE), Date.now() + DAY);
  manager.tick(Date.now());
  await eventually(() =>
    expect(ends.map(({ rule }) => rule)).toEqual([`trial probe of doctor from ${SOURCE}`]),
  );
});

describe('rules that another program has flushed', () => {
  test('are put back, by a look once a minute', async () => {
    const { manager, told } = await blocking();
    const backend = await manager.backends.get('null');
    await backend.close('keep');
    backend.open = () => Promise.resolve('made');
    manager.tick(Date.now() + 59_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await backend.list()).toEqual([]);
    manager.tick(Date.now() + 60_001);
    await eventually(async () => expect(await backend.list()).toHaveLength(1));
    expect(told[0]).toBe('Another program took 1 block of null away: 1 is in force again.');
  });

  test('by a back end that works no more are reported', async () => {
    const { manager, told } = await blocking();
    (await manager.backends.get('null')).open = () => Promise.reject(new Error('no table'));
    manager.tick(Date.now() + 60_001);
    await eventually(() => expect(told).toEqual(['null does not work any more: no table']));
  });
});

test.each([
  ['keep', false],
  ['release', true],
] as const)('at the end with BLOCK_ON_EXIT="%s", UNKILL_ROUTE runs: %s', async (blockOnExit, runs) => {
  const mark = `${testFolder()}/released`;
  const settings = { blockMethod: null, killRoute: 'true', unkillRoute: `touch ${mark}`, blockOnExit };
  const { manager, memory } = await blocking(settings);
  await manager.close();
  expect([existsSync(mark), memory.entries.get(SOURCE)?.inForce, memory.due]).toEqual([runs, !runs, 1]);
});

test('at the end with BLOCK_ON_EXIT="release", a block without UNKILL_ROUTE stays in force, and the ledger says so', async () => {
  const settings = { blockMethod: null, killRoute: 'true', blockOnExit: 'release' } as const;
  const { manager, memory, told } = await blocking(settings);
  await manager.close();
  expect(memory.entries.get(SOURCE)).toMatchObject({ inForce: true, ended: null });
  expect(told).toContain('1 block could not be taken back by UNKILL_ROUTE.');
});

describe('a notifier (A5)', () => {
  const NOTIFIER = { blockTcp: 2, killRunCmd: 'true' } as const;

  test('blocks nobody, is run once while the source goes on, and keeps no later block away', async () => {
    const { manager, memory } = makeBlockManager(NOTIFIER);
    await manager.start();
    const probe = knockFrom(SOURCE);
    expect(manager.isSettled(probe)).toBe(false);
    expect(await manager.respond(probe, 1)).toMatchObject({ action: 'notify', method: 'none', times: 0 });
    expect([manager.isBlocked(address(SOURCE), SOURCE), memory.due]).toEqual([false, 0]);
    expect(manager.isSettled(probe)).toBe(true);
    await manager.reload(blockingConfig());
    expect(manager.isSettled(probe)).toBe(false);
    expect(await manager.respond(probe, 1)).toMatchObject({ action: 'block', method: 'null', times: 1 });
  });

  test('whose command fails is run again', async () => {
    const { manager } = makeBlockManager({ ...NOTIFIER, killRunCmd: 'exit 3' });
    await manager.start();
    expect((await manager.respond(knockFrom(SOURCE), 1)).action).toBe('notify-failed');
    expect(manager.isSettled(knockFrom(SOURCE))).toBe(false);
  });
});

test('a block that a look finds gone no longer counts, and the next probe of its source puts it back', async () => {
  const { manager } = await blocking();
  const backend = await manager.backends.get('null');
  await backend.close('keep');
  const isBlocked = () => manager.isBlocked(address(SOURCE), SOURCE);
  expect(isBlocked()).toBe(true);
  await manager.blocks.sight.lookAnew();
  expect(isBlocked()).toBe(false);
  expect(manager.isSettled(knockFrom(SOURCE))).toBe(true);
  await vi.waitFor(() => expect(isBlocked()).toBe(true));
  expect([await backend.list(), manager.blocks.find(SOURCE)?.times]).toMatchObject([[{ target: SOURCE }], 1]);
});
