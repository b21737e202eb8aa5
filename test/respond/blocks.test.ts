import { describe, expect, test } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { BlockMemory } from '../../src/ledger/memory.ts';
import { MAX_BLOCKS } from '../../src/respond/blocks.ts';
import type { UnblockEvent } from '../../src/respond/event.ts';
import { address } from '../track/given.ts';
import { blocksOf, configWith, knockFrom } from './given.ts';

const HOUR = 3_600_000;
const START = 1_795_354_417_000;

function make(settings: Partial<Config> = {}, ruleFor: () => string | null = () => null) {
  const config = configWith({ blockTcp: 1, blockMethod: 'null', blockTime: HOUR, ...settings });
  const clock = { now: START };
  const ends: UnblockEvent[] = [];
  const told: string[] = [];
  const memory = new BlockMemory();
  const blocks = blocksOf(config, {
    memory,
    now: () => clock.now,
    onEnd: (event) => ends.push(event),
    tell: (text) => told.push(text),
    ruleFor,
  });
  /** Blocks a source as its probe would. */
  const block = async (source: string) => {
    const planned = blocks.plan(knockFrom(source), 1, 'repeated');
    blocks.decide(planned, 'null');
    expect(await blocks.enforce(planned, 'null')).toBeNull();
    blocks.confirm(planned, null);
    return planned.target;
  };
  const covers = (source: string) => blocks.covering(address(source), source) !== undefined;
  return { blocks, memory, clock, ends, told, block, covers };
}

/** Resolves when everything begun has ended that waits for promises alone. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('a source is blocked once it is confirmed, and until its time is over', async () => {
  const { blocks, clock, ends, block, covers } = make();
  expect(covers('10.0.0.1')).toBe(false);
  await block('10.0.0.1');
  expect([covers('10.0.0.1'), covers('10.0.0.2'), blocks.size]).toEqual([true, false, 1]);
  clock.now += HOUR - 1;
  blocks.tick(clock.now);
  await settled();
  expect(covers('10.0.0.1')).toBe(true);
  clock.now += 1;
  blocks.tick(clock.now);
  await settled();
  expect(covers('10.0.0.1')).toBe(false);
  expect(ends).toEqual([expect.objectContaining({ action: 'unblock', how: 'expired', time: clock.now })]);
});

test('a source that comes back within 30 days is blocked for longer, and after that as at first', async () => {
  const { blocks, clock, memory, block } = make({ blockTimeFactor: 2, blockTimeMax: 0 });
  const lengths: (number | null)[] = [];
  for (const pause of [0, HOUR, 29 * 24 * HOUR, 30 * 24 * HOUR]) {
    clock.now += pause;
    memory.forget(clock.now);
    const target = await block('10.0.0.1');
    const entry = blocks.find(target);
    lengths.push((entry?.block.until as number) - clock.now);
    clock.now = entry?.block.until as number;
    blocks.tick(clock.now);
    await settled();
  }
  expect(lengths.map((length) => (length as number) / HOUR)).toEqual([1, 2, 4, 1]);
});

describe('IPv6 addresses of one network', () => {
  test('the first is blocked alone; the second brings a block of the network, which replaces it', async () => {
    const { blocks, ends, block, covers } = make();
    expect(await block('2001:db8::1')).toBe('2001:db8::1');
    expect(await block('2001:db8::2')).toBe('2001:db8::/64');
    await settled();
    expect(ends.map(({ entry, how }) => [entry.block.target, how])).toEqual([['2001:db8::1', 'replaced']]);
    expect([covers('2001:db8::1'), covers('2001:db8::ffff'), covers('2001:db8:0:1::1')]).toEqual([
      true,
      true,
      false,
    ]);
    expect(blocks.size).toBe(1);
  });

  test.each([
    ['BLOCK_IPV6_PREFIX="128"', { blockIpv6Prefix: 128 }, '2001:db8::1', '2001:db8::2', '2001:db8::2'],
    ['BLOCK_IPV6_PREFIX="48"', { blockIpv6Prefix: 48 }, '2001:db8::1', '2001:db8:0:9::2', '2001:db8::/48'],
    ['on a link', {}, 'fe80::1', 'fe80::2', 'fe80::2'],
    ['of a translator', {}, '64:ff9b::1', '64:ff9b::2', '64:ff9b::2'],
    ['of Teredo', {}, '2001::1', '2001::2', '2001::2'],
    ['IPv4 has none', {}, '10.0.0.1', '10.0.0.2', '10.0.0.2'],
  ])('%s', async (_what, settings, first, second, target) => {
    const { block } = make(settings);
    await block(first);
    expect(await block(second)).toBe(target);
  });

  test('a network with a never-blocked address is blocked address by address', async () => {
    const { blocks, block } = make({}, () => null);
    await block('2001:db8::1');
    expect(blocks.plan(knockFrom('2001:db8::2'), 1, 'repeated').target).toBe('2001:db8::/64');
    const spared = make({}, () => 'own address');
    spared.blocks.decide(spared.blocks.plan(knockFrom('2001:db8::1'), 1), 'null');
    expect(spared.blocks.plan(knockFrom('2001:db8::2'), 1, 'repeated').target).toBe('2001:db8::2');
  });

  test('two packets that anybody can forge block no whole network (fault 18)', async () => {
    const { blocks, block } = make();
    await block('2001:db8::1');
    expect(blocks.plan(knockFrom('2001:db8::2'), 1, 'spoofable').target).toBe('2001:db8::2');
    expect(blocks.plan(knockFrom('2001:db8::2'), 2, 'handshake').target).toBe('2001:db8::/64');
  });

  test('an address whose block is being made counts as a neighbour (fault 25)', () => {
    const { blocks } = make();
    blocks.begins('2001:db8::1');
    expect(blocks.plan(knockFrom('2001:db8::2'), 2, 'repeated').target).toBe('2001:db8::/64');
    blocks.made('2001:db8::1');
    expect(blocks.plan(knockFrom('2001:db8::2'), 2, 'repeated').target).toBe('2001:db8::2');
  });
});

test('a never-block rule holds at the moment of the block too, and the back end is not called', async () => {
  const { blocks } = make({}, () => 'default gateway');
  const planned = blocks.plan(knockFrom('10.0.0.1'), 1);
  expect(await blocks.enforce(planned, 'null')).toBe('never blocked: default gateway');
});

test('a block that a new rule forbids is released', async () => {
  let rule: string | null = null;
  const { blocks, ends, block, covers } = make({}, () => rule);
  await block('10.0.0.1');
  rule = 'SSH peer';
  await blocks.releaseSpared();
  expect(covers('10.0.0.1')).toBe(false);
  expect(ends).toEqual([expect.objectContaining({ how: 'spared', rule: 'SSH peer' })]);
});

test('a failed block does not count, and leaves no record', () => {
  const { blocks, covers } = make();
  const planned = blocks.plan(knockFrom('10.0.0.1'), 1);
  blocks.decide(planned, 'null');
  blocks.fail(planned);
  expect([covers('10.0.0.1'), blocks.find('10.0.0.1')]).toEqual([false, undefined]);
});

test('a block without an undo stays when its time is over, and nothing reports its end', async () => {
  const { blocks, clock, ends } = make({ blockMethod: 'command', killRoute: 'true' });
  const planned = blocks.plan(knockFrom('10.0.0.1'), 1);
  blocks.decide(planned, 'command');
  await blocks.enforce(planned, 'command');
  blocks.confirm(planned, null);
  clock.now += 2 * HOUR;
  blocks.tick(clock.now);
  await settled();
  expect([blocks.size, ends]).toEqual([1, []]);
});

test('a block that cannot be released stays, is reported, and is tried again a minute later', async () => {
  const { blocks, clock, ends, told } = make({
    blockMethod: 'command',
    killRoute: 'true',
    unkillRoute: 'exit 7',
  });
  const planned = blocks.plan(knockFrom('10.0.0.1'), 1);
  blocks.decide(planned, 'command');
  await blocks.enforce(planned, 'command');
  blocks.confirm(planned, null);
  const entry = blocks.find('10.0.0.1');
  if (entry === undefined) throw new Error('no entry');
  clock.now += HOUR;
  blocks.tick(clock.now);
  await blocks.release(entry, 'expired');
  await settled();
  expect(told).toEqual(['The block of 10.0.0.1 could not be taken back: exit status 7; it is tried again.']);
  expect([blocks.size, ends]).toEqual([1, []]);
  blocks.tick(clock.now + 59_000);
  await settled();
  expect(told).toHaveLength(1);
  clock.now += 60_000;
  blocks.tick(clock.now);
  await blocks.release(entry, 'expired');
  await settled();
  expect(told).toHaveLength(2);
});

test(`more than ${MAX_BLOCKS} blocks: the one that has stood longest is released`, async () => {
  const { blocks, ends } = make();
  for (let index = 0; index <= MAX_BLOCKS; index++) {
    const planned = blocks.plan(knockFrom(`10.${index >> 16}.${(index >> 8) & 0xff}.${index & 0xff}`), 1);
    blocks.decide(planned, 'null');
    blocks.confirm(planned, null);
  }
  await settled();
  expect(blocks.size).toBe(MAX_BLOCKS);
  expect(ends.map(({ entry, how }) => [entry.block.target, how])).toEqual([['10.0.0.0', 'evicted']]);
});
