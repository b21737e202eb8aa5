import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import type { LedgerMethod } from '../../src/ledger/entry.ts';
import { BlockMemory } from '../../src/ledger/memory.ts';
import { restoreBlocks } from '../../src/respond/restore.ts';
import { NO_UNDO, type Today } from '../../src/respond/take-over.ts';
import { blockOf, blocksOf, configWith, poolOf, testFolder } from './given.ts';

const NOW = 1_795_354_417_000;
const HOUR = 3_600_000;
const BOOT = 'this boot';
const TARGET = '192.0.2.1';
const LINE = `ALL: ${TARGET}`;

/** A block of `method` that stands in this boot, and a way to take it over. */
async function given(method: LedgerMethod, to: LedgerMethod, settings: Partial<Config> = {}, boot = BOOT) {
  const folder = testFolder();
  const log = `${folder}/log`;
  const config = configWith({
    killRoute: `echo block $TARGET$ >> ${log}`,
    unkillRoute: `echo release $TARGET$ >> ${log}`,
    killHostsDeny: 'ALL: $TARGET$',
    ...settings,
  });
  const memory = new BlockMemory();
  const backends = poolOf(config);
  const told: string[] = [];
  const hostsDenyPath = `${folder}/hosts.deny`;
  const base = { memory, backends, hostsDenyPath, boot: BOOT, now: () => NOW };
  const parts = { ...base, tell: (text: string) => void told.push(text) };
  const blocks = blocksOf(config, parts);
  memory.decide(blockOf(TARGET, { since: NOW - HOUR, until: NOW + HOUR }), method, boot);
  memory.confirm(TARGET, boot, method === 'hosts.deny' ? LINE : null);
  const move = (more: Partial<Today> = {}) =>
    restoreBlocks({ ...parts, blocks }, { methods: [to], methodFor: () => to, ...more });
  const listed = async () => (await (await backends.get('null')).list())?.map(({ target }) => target);
  const read = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8').trimEnd() : '');
  const entry = () => blocks.find(TARGET) ?? expect.fail('no block');
  return {
    move,
    blocks,
    memory,
    listed,
    entry,
    told,
    commands: () => read(log),
    lines: () => read(hostsDenyPath),
  };
}

test('a block by KILL_ROUTE goes over to the method of today, and is undone (A5)', async () => {
  const { move, listed, entry, told, commands } = await given('command', 'null');
  await move();
  expect([await listed(), commands()]).toEqual([[TARGET], `release ${TARGET}`]);
  expect(entry()).toMatchObject({ method: 'null', inForce: true, times: 1, hasRemnant: false });
  expect(told).toEqual(['1 block went over from the method command to null.']);
});

test('a rule of an earlier boot is gone, and is not undone', async () => {
  const { move, listed, commands } = await given('command', 'null', {}, 'an earlier boot');
  await move();
  expect([await listed(), commands()]).toEqual([[TARGET], '']);
});

test('a block of another method goes over to KILL_ROUTE', async () => {
  const { move, listed, entry, commands } = await given('null', 'command');
  await move();
  expect([await listed(), commands(), entry().method]).toEqual([[], `block ${TARGET}`, 'command']);
});

test('a line of hosts.deny alone goes over to a firewall, and stays with the block', async () => {
  const { move, blocks, entry, lines, listed } = await given('hosts.deny', 'null');
  await move();
  expect([entry().method, entry().wrappersLine, await listed()]).toEqual(['null', LINE, [TARGET]]);
  expect(await blocks.release(entry(), 'unblocked')).toBeNull();
  expect([lines(), await listed()]).toEqual(['', []]);
});

test('a firewall block goes over to hosts.deny alone', async () => {
  const { move, entry, lines, listed } = await given('null', 'hosts.deny');
  await move();
  expect([entry().method, lines(), await listed()]).toEqual(['hosts.deny', LINE, []]);
});

test('without UNKILL_ROUTE the rule of the old method is not forgotten: the end of the new block says so', async () => {
  const { move, blocks, entry, told, listed } = await given('command', 'null', { unkillRoute: null });
  await move();
  expect(entry()).toMatchObject({ method: 'null', hasRemnant: true });
  expect(told).toContain(
    `What the old method did could not be taken back for ${TARGET} (${NO_UNDO}): if it still stands, do that yourself.`,
  );
  expect(await blocks.release(entry(), 'unblocked')).toBe('what KILL_ROUTE did has no UNKILL_ROUTE');
  expect([entry(), await listed()]).toMatchObject([
    { method: 'command', ended: null, hasRemnant: false },
    [],
  ]);
  expect(blocks.stateOf(entry())).toMatchObject({ inForce: null, undo: null, ends: null });
});

test('at a reload the undo of the configuration before serves', async () => {
  const { move, entry, told } = await given('command', 'null', { unkillRoute: null });
  const undone: string[] = [];
  await move({
    formerUndo: async ({ target }) => {
      undone.push(target);
      return null;
    },
  });
  expect([undone, entry().hasRemnant, told.length]).toEqual([[TARGET], false, 1]);
});

test('a method of today that does not work leaves the block where it is', async () => {
  const { move, entry, told } = await given('null', 'command', { killRoute: 'exit 3' });
  await move();
  expect(entry()).toMatchObject({ method: 'null', inForce: true });
  expect(told).toContain('1 block could not go over to another method: exit status 3');
});

test('a block whose time is over goes nowhere', async () => {
  const { move, memory, listed, commands } = await given('command', 'null');
  memory.decide(blockOf(TARGET, { since: NOW - HOUR, until: NOW - 1 }), 'command', BOOT);
  memory.confirm(TARGET, BOOT);
  await move();
  expect([await listed(), commands()]).toEqual([[], `release ${TARGET}`]);
});

test('a block without an undo whose time is over stays what it is', async () => {
  const { move, memory, listed, entry } = await given('command', 'null', { unkillRoute: null });
  memory.decide(blockOf(TARGET, { since: NOW - HOUR, until: NOW - 1 }), 'command', BOOT);
  memory.confirm(TARGET, BOOT);
  await move();
  expect([await listed(), entry().method, entry().ended]).toEqual([[], 'command', null]);
});
