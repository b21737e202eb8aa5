import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import type { Block } from '../../src/firewall/block.ts';
import type { LedgerMethod } from '../../src/ledger/entry.ts';
import { BlockMemory } from '../../src/ledger/memory.ts';
import type { UnblockEvent } from '../../src/respond/event.ts';
import { putBack, restoreBlocks } from '../../src/respond/restore.ts';
import type { Today } from '../../src/respond/take-over.ts';
import { blockOf, blocksOf, configWith, poolOf, testFolder } from './given.ts';

const NOW = 1_795_354_417_000;
/** New blocks are made by the method `null`, and every block stays in its own. */
const STAYING: Today = { methods: ['null'], methodFor: () => null };
const NO_METHOD: Today = { methods: [], methodFor: () => null };
const HOUR = 3_600_000;
const BOOT = 'this boot';
const [FIRST, SECOND] = ['192.0.2.1', '192.0.2.2'];

/** What a start finds: the memory of a former run, real commands or the null back end, and what it reports. */
function given(settings: Partial<Config> = {}) {
  const folder = testFolder();
  const log = `${folder}/log`;
  const hostsDenyPath = `${folder}/hosts.deny`;
  const config = configWith({ killRoute: `echo block $TARGET$ >> ${log}`, ...settings });
  const memory = new BlockMemory();
  const backends = poolOf(config);
  const ends: UnblockEvent[] = [];
  const told: string[] = [];
  const tell = (text: string) => told.push(text);
  const base = { memory, backends, hostsDenyPath, boot: BOOT, now: () => NOW, tell };
  const blocks = blocksOf(config, { ...base, onEnd: (event) => ends.push(event) });
  const parts = { ...base, blocks };
  /** A block of a former run, which was in force in `boot`; null when it never was. */
  const known = (
    target: string,
    {
      method = 'null',
      boot = 'an earlier boot',
      wrappersLine = null,
      ...fields
    }: Partial<Block> & {
      method?: LedgerMethod;
      boot?: string | null;
      wrappersLine?: string | null;
    } = {},
  ) => {
    memory.decide(blockOf(target, { since: NOW - HOUR, until: NOW + HOUR, ...fields }), method, boot ?? BOOT);
    if (boot !== null) memory.confirm(target, boot, wrappersLine);
  };
  const standing = () => [...blocks.standing()].map(({ block }) => block.target);
  const commands = () => (existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : []);
  const listed = async () => (await (await backends.get('null')).list())?.map(({ target }) => target);
  return { parts, memory, blocks, backends, ends, told, known, standing, commands, listed, hostsDenyPath };
}

describe('a block of a former run', () => {
  test('counts as standing as soon as the restore has begun', async () => {
    const { parts, known, standing } = given();
    known(FIRST);
    const restored = restoreBlocks(parts, STAYING);
    expect(standing()).toEqual([FIRST]);
    await restored;
    expect(standing()).toEqual([FIRST]);
  });

  test('is put in force again, with its line of hosts.deny, by the method that it had', async () => {
    const { parts, memory, known, commands, listed, hostsDenyPath } = given();
    known(FIRST, { wrappersLine: `ALL: ${FIRST}` });
    known(SECOND, { method: 'command' });
    await restoreBlocks(parts, STAYING);
    expect([await listed(), commands()]).toEqual([[FIRST], [`block ${SECOND}`]]);
    expect(readFileSync(hostsDenyPath, 'utf8')).toBe(`ALL: ${FIRST}\n`);
    for (const target of [FIRST, SECOND]) {
      expect(memory.entries.get(target)).toMatchObject({ inForce: true, boot: BOOT });
    }
  });

  test.each<[string, { boot: string | null }, string[]]>([
    ['is in force, and its command does not run twice', { boot: BOOT }, []],
    ['was never in force, and its command runs', { boot: null }, [`block ${FIRST}`]],
  ])('of this boot %s', async (_what, { boot }, expected) => {
    const { parts, known, commands, standing } = given();
    known(FIRST, { method: 'command', boot });
    await restoreBlocks(parts, NO_METHOD);
    expect([commands(), standing()]).toEqual([expected, [FIRST]]);
  });

  test('that only hosts.deny carried out stands, and its line is put back', async () => {
    const { parts, memory, known, standing, hostsDenyPath } = given();
    known(FIRST, { method: 'hosts.deny', wrappersLine: `ALL: ${FIRST}` });
    await restoreBlocks(parts, NO_METHOD);
    expect([standing(), memory.entries.get(FIRST)?.boot]).toEqual([[FIRST], BOOT]);
    expect(readFileSync(hostsDenyPath, 'utf8')).toBe(`ALL: ${FIRST}\n`);
  });

  test('that an earlier version recorded by none is dropped if it was a notice, and kept as a line', async () => {
    const { parts, blocks, known, standing, hostsDenyPath } = given();
    known(FIRST, { method: 'none' });
    known(SECOND, { method: 'none', wrappersLine: `ALL: ${SECOND}` });
    await restoreBlocks(parts, NO_METHOD);
    expect([standing(), blocks.find(FIRST)?.ended]).toEqual([[SECOND], expect.anything()]);
    expect(blocks.find(SECOND)).toMatchObject({ method: 'hosts.deny', inForce: true });
    expect(readFileSync(hostsDenyPath, 'utf8')).toBe(`ALL: ${SECOND}\n`);
  });

  test.each<[string, number, boolean]>([
    ['the same end, as a kernel counts it', NOW + HOUR + 1_999, false],
    ['another end', NOW + HOUR + 2_000, true],
  ])('that the method lists with %s is put in force again: %s', async (_what, until, again) => {
    const { parts, known, backends } = given();
    known(FIRST);
    const backend = await backends.get('null');
    await backend.block(blockOf(FIRST, { until }));
    await restoreBlocks(parts, STAYING);
    expect(await backend.list()).toEqual([{ target: FIRST, until: again ? NOW + HOUR : until }]);
  });

  test('that cannot be put in force no longer stands, stays due, and is reported with the others', async () => {
    const { parts, memory, known, standing, told } = given({ killRoute: `test $TARGET$ = ${SECOND}` });
    for (const target of [FIRST, SECOND]) known(target, { method: 'command' });
    await restoreBlocks(parts, NO_METHOD);
    expect([standing(), memory.due]).toEqual([[SECOND], 2]);
    expect(told).toEqual(['1 of 2 blocks could not be put in force again by command: exit status 1']);
  });

  test('whose method does not work here no longer stands, and is reported', async () => {
    const { parts, memory, known, standing, told, backends } = given();
    known(FIRST);
    (await backends.get('null')).list = () => Promise.reject(new Error('no table'));
    await restoreBlocks(parts, STAYING);
    expect([standing(), memory.due]).toEqual([[], 1]);
    expect(told).toEqual(['1 block could not be put in force again by null: no table']);
  });
});

describe('a block whose time ran out while the daemon did not run', () => {
  const OVER = { until: NOW };

  test.each<[string, object, Partial<Config>, string[], string[]]>([
    ['is released by its method', { method: 'null' }, {}, ['expired'], []],
    [
      'of this boot is undone by UNKILL_ROUTE',
      { method: 'command', boot: BOOT },
      { unkillRoute: 'echo release $TARGET$ >> LOG' },
      ['expired'],
      [`release ${FIRST}`],
    ],
    [
      'of an earlier boot is gone without a command',
      { method: 'command' },
      { unkillRoute: 'echo release $TARGET$ >> LOG' },
      ['expired'],
      [],
    ],
    ['of this boot stays without an UNKILL_ROUTE', { method: 'command', boot: BOOT }, {}, [], []],
  ])('%s', async (_what, block, settings, how, expected) => {
    const folder = testFolder();
    const log = `${folder}/released`;
    const unkillRoute = settings.unkillRoute?.replace('LOG', log) ?? null;
    const { parts, known, ends, standing } = given({ unkillRoute });
    known(FIRST, { ...OVER, ...block });
    await restoreBlocks(parts, NO_METHOD);
    expect(ends.map((end) => end.how)).toEqual(how);
    expect(standing()).toEqual(how.length === 0 ? [FIRST] : []);
    expect(existsSync(log) ? [readFileSync(log, 'utf8').trimEnd()] : []).toEqual(expected);
  });
});

test('a block that the ledger does not know is taken over from the method of new blocks', async () => {
  const { parts, blocks, backends, told } = given();
  await (await backends.get('null')).block(blockOf(FIRST, { until: NOW + HOUR }));
  await restoreBlocks(parts, STAYING);
  const entry = blocks.find(FIRST);
  expect(entry?.block).toMatchObject({ since: NOW, until: NOW + HOUR, cause: { kind: 'manual' } });
  expect([blocks.size, told]).toEqual([
    1,
    ['1 block that null holds and the ledger does not know is taken over.'],
  ]);
});

describe('rules that were flushed', () => {
  test('are put back for the standing blocks of their method', async () => {
    const { parts, blocks, known, backends, listed, commands, told } = given();
    known(FIRST);
    known(SECOND, { method: 'command', boot: BOOT });
    await restoreBlocks(parts, STAYING);
    await (await backends.get('null')).close('keep');
    await blocks.sight.lookAnew();
    expect(await putBack(parts)).toBe(1);
    expect([await listed(), commands()]).toEqual([[FIRST], []]);
    expect(told).toEqual(['Another program took 1 block of null away: 1 is in force again.']);
  });

  test('of no block are not worth a word', async () => {
    const { parts, told } = given();
    expect([await putBack(parts), told]).toEqual([0, []]);
  });
});
