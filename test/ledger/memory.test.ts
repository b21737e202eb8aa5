import { describe, expect, test } from 'vitest';
import { BlockMemory, MAX_REMEMBERED, REMEMBERED_TIME_MS } from '../../src/ledger/memory.ts';
import { blockOf } from '../respond/given.ts';
import { BOOT, DAY_MS, known, NOON } from './given.ts';

const HOST = '10.99.0.1';
const BLOCK = blockOf(HOST);
const LATER = blockOf(HOST, { since: NOON + DAY_MS, until: null });

/** The entry of HOST after these calls. */
function outcomeOf(...calls: ((memory: BlockMemory) => unknown)[]) {
  const memory = new BlockMemory();
  for (const call of calls) call(memory);
  return memory.entries.get(HOST);
}

const decide = (memory: BlockMemory) => memory.decide(BLOCK, 'nftables', BOOT);
const decideAgain = (memory: BlockMemory) => memory.decide(LATER, 'nftables', BOOT);
const confirm = (memory: BlockMemory) => memory.confirm(HOST, BOOT);
const expire = (memory: BlockMemory) => memory.end(HOST, 'expired', NOON + DAY_MS);
const fail = (memory: BlockMemory) => memory.end(HOST, 'failed', NOON + DAY_MS);
const lift = (memory: BlockMemory) => memory.lift([HOST]);
const liftAll = (memory: BlockMemory) => memory.lift('all');

describe('a block', () => {
  test('that is decided is due, and not known to be in force', () => {
    expect(outcomeOf(decide)).toEqual({
      block: BLOCK,
      method: 'nftables',
      hasRemnant: false,
      wrappersLine: null,
      boot: BOOT,
      times: 1,
      inForce: false,
      ended: null,
    });
  });

  test.each([
    ['is in force once it is confirmed', [decide, confirm], { inForce: true, times: 1, ended: null }],
    ['is out of force and due after a lift', [decide, confirm, lift], { inForce: false, ended: null }],
    ['is lifted with all others', [decide, confirm, liftAll], { inForce: false, ended: null }],
    ['can be put in force again', [decide, confirm, lift, confirm], { inForce: true }],
    [
      'ends, and is no longer in force',
      [decide, confirm, expire],
      { inForce: false, ended: { at: NOON + DAY_MS, how: 'expired' } },
    ],
    ['ends only once', [decide, confirm, expire, fail], { ended: { at: NOON + DAY_MS, how: 'expired' } }],
    ['that has ended cannot be confirmed', [decide, expire, confirm], { inForce: false }],
    ['counts the earlier blocks', [decide, confirm, expire, decideAgain], { block: LATER, times: 2 }],
    ['counts a block that ended without a confirmation', [decide, expire, decideAgain], { times: 2 }],
    ['does not count a decision that it replaces', [decide, decideAgain], { block: LATER, times: 1 }],
    ['counts a block in force that it replaces', [decide, confirm, decideAgain], { block: LATER, times: 2 }],
  ] as const)('%s', (_, calls, expected) => {
    expect(outcomeOf(...calls)).toMatchObject(expected);
  });

  test.each([
    ['is forgotten', [decide, fail], undefined],
    ['does not count', [decide, fail, decideAgain], { block: LATER, times: 1 }],
    [
      'restores the earlier block, which had ended',
      [decide, confirm, expire, decideAgain, fail],
      { block: BLOCK, times: 1, ended: { at: NOON + DAY_MS, how: 'expired' } },
    ],
    [
      'restores the earlier block, which is in force',
      [decide, confirm, decideAgain, fail],
      { block: BLOCK, times: 1, inForce: true, ended: null },
    ],
    [
      'restores the block before both decisions',
      [decide, confirm, expire, decideAgain, decideAgain, fail],
      { block: BLOCK, times: 1 },
    ],
    [
      'counts if it had been in force',
      [decide, confirm, lift, fail],
      { times: 1, ended: { at: NOON + DAY_MS, how: 'failed' } },
    ],
  ] as const)('that failed %s', (_, calls, expected) => {
    if (expected === undefined) expect(outcomeOf(...calls)).toBeUndefined();
    else expect(outcomeOf(...calls)).toMatchObject(expected);
  });

  test('has the line in hosts.deny that belongs to it', () => {
    const withLine = (memory: BlockMemory) => memory.decide(BLOCK, 'none', BOOT, 'ALL: 10.99.0.1');
    const removed = (memory: BlockMemory) => memory.confirm(HOST, BOOT, null);
    const added = (memory: BlockMemory) => memory.confirm(HOST, BOOT, 'ALL:\t10.99.0.1 : DENY');
    expect(outcomeOf(withLine, confirm)?.wrappersLine).toBe('ALL: 10.99.0.1');
    expect(outcomeOf(withLine, removed)?.wrappersLine).toBeNull();
    expect(outcomeOf(decide, added)?.wrappersLine).toBe('ALL:\t10.99.0.1 : DENY');
  });

  test.each(['ALL: 10.99.0.1\nALL: 10.99.0.2', `ALL: 10.99.0.1 # ${'x'.repeat(1_000)}`])(
    'does not have an invalid line of hosts.deny',
    (line) => {
      expect(outcomeOf((memory) => memory.decide(BLOCK, 'none', BOOT, line))?.wrappersLine).toBeNull();
    },
  );

  test.each([
    ['knocked on the door', 'knocked on the door'],
    [
      'two\nlines, a \u001b[31mcolour\u009b and \u202eturned',
      'two lines, a [31mcolour and turned'.replace('two ', 'two'),
    ],
    ['\u0007', null],
    ['\u{1f600}'.repeat(300), '\u{1f600}'.repeat(200)],
    ['x'.repeat(100_000), 'x'.repeat(200)],
  ])('has a note without control characters, of limited length', (note, expected) => {
    const noted = blockOf(HOST, {}, { kind: 'manual', note });
    expect(outcomeOf((memory) => memory.decide(noted, 'none', BOOT))?.block.cause.note).toBe(expected);
  });

  test('that is unknown cannot be confirmed, lifted or ended', () => {
    expect(outcomeOf(confirm, lift, liftAll, expire, fail)).toBeUndefined();
  });
});

describe('an ended block', () => {
  test('is forgotten 30 days after its end, and not before', () => {
    const memory = new BlockMemory();
    memory.decide(BLOCK, 'nftables', BOOT);
    memory.end(HOST, 'expired', NOON);
    memory.forget(NOON + REMEMBERED_TIME_MS - 1);
    expect(memory.entries.size).toBe(1);
    memory.forget(NOON + REMEMBERED_TIME_MS);
    expect(memory.entries.size).toBe(0);
    expect(memory.decide(LATER, 'nftables', BOOT).times).toBe(1);
  });

  test('stays when the clock was set back', () => {
    const memory = new BlockMemory();
    memory.decide(BLOCK, 'nftables', BOOT);
    memory.end(HOST, 'expired', NOON);
    memory.forget(NOON - 10 * REMEMBERED_TIME_MS);
    expect(memory.entries.size).toBe(1);
  });

  test('is forgotten behind a newer block that is not in force yet', () => {
    const memory = new BlockMemory();
    memory.decide(BLOCK, 'nftables', BOOT);
    memory.end(HOST, 'expired', NOON);
    memory.decide(LATER, 'nftables', BOOT);
    memory.forget(NOON + REMEMBERED_TIME_MS);
    expect(memory.entries.get(HOST)).toMatchObject({ block: LATER, times: 2 });
    memory.end(HOST, 'failed', NOON);
    expect(memory.entries.size).toBe(0);
  });

  test('makes room when there are too many: the longest ended goes first, and none that is due', () => {
    const memory = new BlockMemory();
    const name = (number: number) => `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
    memory.decide(blockOf('192.0.2.1'), 'nftables', BOOT);
    for (let number = 0; number < MAX_REMEMBERED + 2; number++) {
      memory.decide(blockOf(name(number)), 'nftables', BOOT);
      memory.end(name(number), 'expired', NOON - number);
    }
    expect(memory.entries.size).toBe(MAX_REMEMBERED + 1);
    expect([memory.entries.has(name(0)), memory.entries.has(name(1))]).toEqual([false, false]);
    expect([memory.entries.has(name(2)), memory.entries.has('192.0.2.1')]).toEqual([true, true]);
    expect(memory.due).toBe(1);
  });
});

test('a loop over the entries may change them', () => {
  const memory = new BlockMemory();
  for (const target of ['10.0.0.1', '10.0.0.2', '10.0.0.3']) memory.decide(blockOf(target), 'ipset', BOOT);
  let seen = 0;
  for (const { block } of memory.entries.values()) {
    seen++;
    memory.decide(block, 'nftables', BOOT);
    memory.confirm(block.target, BOOT);
    if (block.target === '10.0.0.2') memory.end(block.target, 'spared', NOON);
  }
  expect(seen).toBe(3);
  expect(known(memory).map(({ inForce }) => inForce)).toEqual([true, false, true]);
});
