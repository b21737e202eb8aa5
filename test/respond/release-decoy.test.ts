import { expect, test } from 'vitest';
import type { UnblockEvent } from '../../src/respond/event.ts';
import { blocksOf, configWith, knockFrom } from './given.ts';

const DECOY = '203.0.113.7';

/** Blocks with one in force, by the command `true` or by the method `null`. */
async function given(method: 'command' | 'null', unkillRoute: string | null) {
  const ends: UnblockEvent[] = [];
  const told: string[] = [];
  const config = configWith({ killRoute: 'true', unkillRoute, blockMethod: method });
  const blocks = blocksOf(config, { onEnd: (event) => ends.push(event), tell: (text) => told.push(text) });
  const block = blocks.plan(knockFrom(DECOY), 1);
  blocks.decide(block, method);
  expect(await blocks.enforce(block, method)).toBeNull();
  blocks.confirm(block, null);
  return { blocks, ends, told };
}

test('the block of a decoy is released', async () => {
  const { blocks, ends, told } = await given('null', null);
  await blocks.releaseDecoy(DECOY);
  expect(ends.map(({ entry, how }) => [entry.block.target, how])).toEqual([[DECOY, 'decoy']]);
  expect([blocks.size, told]).toEqual([0, []]);
  await blocks.releaseDecoy(DECOY);
  expect(ends).toHaveLength(1);
});

test('a block by KILL_ROUTE is released by UNKILL_ROUTE; without one it stays, and a line says so', async () => {
  const undone = await given('command', 'true');
  await undone.blocks.releaseDecoy(DECOY);
  expect(undone.blocks.size).toBe(0);
  const stuck = await given('command', null);
  await stuck.blocks.releaseDecoy(DECOY);
  expect([stuck.blocks.size, stuck.told]).toEqual([
    1,
    [`The block of ${DECOY} stays, though it is a decoy: what KILL_ROUTE did has no UNKILL_ROUTE.`],
  ]);
});
