import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import {
  blockByHand,
  forgetByHand,
  unblockAllByHand,
  unblockByHand,
} from '../../src/daemon/manual-blocks.ts';
import type { LedgerEntry } from '../../src/ledger/entry.ts';
import { Ledger } from '../../src/ledger/ledger.ts';
import { BlockMemory } from '../../src/ledger/memory.ts';
import { NO_LIFELINES } from '../../src/watch/lifelines.ts';
import { blockOf, knockFrom, testFolder } from '../respond/given.ts';
import { address } from '../track/given.ts';
import { makeBlockManager } from './given.ts';

const SOURCE = '192.0.2.1';
const HOUR = 3_600_000;
const COMMAND = { blockMethod: null, killRoute: 'true' } as const;

/** Orders to a started block manager, and the blocks that they report. */
async function given(settings: Partial<Config> = {}, memory?: BlockMemory) {
  const { manager, config, ends } = makeBlockManager(settings, memory);
  await manager.start();
  const reported: LedgerEntry[] = [];
  const orders = {
    blockManager: manager,
    cause: { mode: 'atcp', transport: 'tcp' } as const,
    killHostsDeny: config.killHostsDeny,
    onBlock: (entry: LedgerEntry) => reported.push(entry),
  };
  const block = (target = SOURCE, forMs: number | null = null, session: readonly string[] = []) =>
    blockByHand(orders, { target, forMs, why: 'a reason', session });
  const targets = () => [...manager.blocks.standing()].map((entry) => entry.block.target);
  return { orders, block, targets, reported, ends };
}

describe('an order to block', () => {
  test.each([
    [SOURCE, [SOURCE], `${SOURCE} is never blocked: your own session comes from ${SOURCE}`],
    [
      '192.0.0.0/16',
      ['2001:db8::1', '192.0.2.9'],
      '192.0.0.0/16 is never blocked: your own session comes from 192.0.2.9',
    ],
  ])('%s from a session of %s is refused', async (target, session, message) => {
    const { block, targets } = await given();
    expect(await block(target, null, session)).toEqual({ outcome: 'refused', message });
    expect(targets()).toEqual([]);
  });

  test.each([
    ['a session of somebody else', { sessions: [{ address: address(SOURCE), by: 'sshd' }] }, 'session from'],
    [
      'a gateway',
      { gateways: [{ address: address(SOURCE), of: 'eth0', isDefault: true }] },
      'default gateway',
    ],
  ])('%s is carried out, says which rule it overrules, and stands', async (_what, found, rule) => {
    const { orders, block, targets } = await given();
    const { allowList, blocks } = orders.blockManager;
    allowList.never.setLifelines({ ...NO_LIFELINES, ...found });
    const { outcome, message } = await block();
    expect(outcome).toBe('done');
    expect(message).toMatch(new RegExp(`, although a rule spares it from other blocks: ${rule} ${SOURCE}`));
    await blocks.releaseSpared();
    expect(targets()).toEqual([SOURCE]);
  });
});

describe('a block by hand', () => {
  test.each([
    ['the configured length', null, 24 * HOUR, /^192\.0\.2\.1 is blocked until \d{4}-\d\d-\d\d \d\d:\d\d$/],
    ['the length asked for', HOUR, HOUR, /^192\.0\.2\.1 is blocked until \d{4}-\d\d-\d\d \d\d:\d\d$/],
    ['no end', 0, null, /^192\.0\.2\.1 is blocked for ever$/],
  ])('has %s, and is reported once it is in force', async (_what, forMs, lengthMs, message) => {
    const { block, targets, reported } = await given();
    expect(await block(SOURCE, forMs)).toMatchObject({
      outcome: 'done',
      message: expect.stringMatching(message),
      block: { target: SOURCE, method: 'null', inForce: true, undo: 'method', kind: 'manual' },
    });
    expect([targets(), reported.length]).toEqual([[SOURCE], 1]);
    const { since, until, cause } = (reported[0] as LedgerEntry).block;
    expect(until === null ? null : until - since).toBe(lengthMs);
    expect(cause).toMatchObject({ mode: 'atcp', kind: 'manual', note: 'a reason' });
  });

  test.each<[string, Partial<Config>, string, string, string]>([
    ['an own address', {}, '127.0.0.1', 'refused', '127.0.0.1 is never blocked: loopback 127.0.0.0/8'],
    [
      'a network with one',
      {},
      '127.0.0.0/8',
      'refused',
      '127.0.0.0/8 is never blocked: loopback 127.0.0.0/8',
    ],
    [
      'no method',
      { blockMethod: 'none' },
      SOURCE,
      'failed',
      `${SOURCE} could not be blocked: BLOCK_METHOD is "none"`,
    ],
    [
      'a failing KILL_ROUTE',
      { ...COMMAND, killRoute: 'exit 3' },
      SOURCE,
      'failed',
      `${SOURCE} could not be blocked: exit status 3`,
    ],
  ])('leaves no block behind because of %s', async (_what, settings, target, outcome, message) => {
    const { orders, block, reported } = await given(settings);
    expect(await block(target)).toEqual({ outcome, message });
    expect([reported, orders.blockManager.blocks.find(target)]).toEqual([[], undefined]);
  });

  test('that is not in the ledger says so', async () => {
    const folder = join(testFolder(), 'file');
    writeFileSync(folder, '');
    const { block } = await given({}, await Ledger.open(folder, { now: Date.now(), tell: () => {} }));
    const { outcome, message } = await block();
    expect([outcome, message]).toEqual([
      'done',
      expect.stringMatching(/; but that is not in the ledger, and a restart forgets it: ./),
    ]);
  });
});

describe('an unblock by hand', () => {
  test('releases the block', async () => {
    const { orders, block, targets, ends } = await given();
    await block();
    expect(await unblockByHand(orders, SOURCE)).toEqual({
      outcome: 'done',
      message: `${SOURCE} is no longer blocked`,
    });
    expect([targets(), ends.map(({ how }) => how)]).toEqual([[], ['unblocked']]);
    expect(await unblockByHand(orders, SOURCE)).toMatchObject({ outcome: 'absent' });
  });

  test.each([
    ['198.51.100.1', '198.51.100.1 is not blocked'],
    ['198.51.100.0/24', '198.51.100.0/24 is not blocked'],
    [
      '2001:db8::1',
      '2001:db8::1 has no block of its own, but is in 2001:db8::/64, which is blocked: unblock that',
    ],
  ])('of %s, which has no block, says so', async (target, message) => {
    const { orders, block } = await given();
    await block('2001:db8::/64');
    expect(await unblockByHand(orders, target)).toEqual({ outcome: 'absent', message });
  });

  test('without UNKILL_ROUTE says so, and the block stays until it is forgotten', async () => {
    const { orders, block, targets } = await given(COMMAND);
    await block();
    const { outcome, message } = await unblockByHand(orders, SOURCE);
    expect([outcome, message, targets()]).toEqual([
      'failed',
      expect.stringMatching(
        /no UNKILL_ROUTE; take it back yourself, then: portsentry unblock --forget 192\.0\.2\.1$/,
      ),
      [SOURCE],
    ]);
    expect(await forgetByHand(orders, SOURCE)).toMatchObject({ outcome: 'done' });
    expect([targets(), (await forgetByHand(orders, SOURCE)).outcome]).toEqual([[], 'absent']);
  });

  test('whose UNKILL_ROUTE fails keeps the block', async () => {
    const { orders, block, targets } = await given({ ...COMMAND, unkillRoute: 'exit 3' });
    await block();
    expect(await unblockByHand(orders, SOURCE)).toEqual({
      outcome: 'later',
      message: `the block of ${SOURCE} could not be taken back: exit status 3; if it is gone already: portsentry unblock --forget ${SOURCE}`,
    });
    expect(targets()).toEqual([SOURCE]);
  });
});

describe('an unblock of all', () => {
  test('releases every block, and counts them', async () => {
    const { orders, block, targets } = await given();
    for (const target of [SOURCE, '192.0.2.2', '2001:db8::/64']) await block(target);
    const answer = { outcome: 'done', message: '3 blocks were taken back', count: 3 };
    expect([await unblockAllByHand(orders), targets()]).toEqual([answer, []]);
  });

  test.each([
    [0, 'nobody was blocked'],
    [1, '1 block was taken back'],
  ])('counts %i truly', async (count, message) => {
    const { orders, block } = await given();
    if (count > 0) await block();
    expect(await unblockAllByHand(orders)).toEqual({ outcome: 'done', message, count });
  });

  test('without UNKILL_ROUTE takes nothing back, and says so', async () => {
    const { orders, block, targets } = await given(COMMAND);
    await block();
    const message = `0 of 1 block was taken back; the first that was not: ${SOURCE}: what KILL_ROUTE did has no UNKILL_ROUTE`;
    expect(await unblockAllByHand(orders)).toEqual({ outcome: 'failed', message, count: 0 });
    expect(targets()).toEqual([SOURCE]);
  });

  test('names the first block that stays', async () => {
    const unkillRoute = `test $TARGET$ != ${SOURCE}`;
    const { orders, block, targets } = await given({ ...COMMAND, unkillRoute });
    for (const target of [SOURCE, '192.0.2.2']) await block(target);
    expect(await unblockAllByHand(orders)).toEqual({
      outcome: 'later',
      message: `1 of 2 blocks was taken back; the first that was not: ${SOURCE}: exit status 1`,
      count: 1,
    });
    expect(targets()).toEqual([SOURCE]);
  });
});

test('a block by hand is no offence (A14)', async () => {
  const { orders, block } = await given();
  const { blockManager } = orders;
  await block();
  await unblockByHand(orders, SOURCE);
  const event = await blockManager.respond(knockFrom(SOURCE), 1);
  expect(event).toMatchObject({ times: 1 });
  const { since, until } = blockManager.blocks.find(SOURCE)?.block ?? expect.fail('no block');
  expect((until ?? 0) - since).toBe(24 * HOUR);
  await block();
  expect(blockManager.blocks.find(SOURCE)?.times).toBe(1);
});

test('a line in hosts.deny that a block by hand finds there stays its own', async () => {
  const memory = new BlockMemory();
  memory.decide(blockOf(SOURCE), 'null', 'boot', `ALL: ${SOURCE}`);
  memory.confirm(SOURCE, 'boot');
  expect(memory.decide(blockOf(SOURCE), 'null', 'boot').wrappersLine).toBe(`ALL: ${SOURCE}`);
});
