import { expect, test } from 'vitest';
import { BlockMemory } from '../../src/ledger/memory.ts';
import { LostBlocks } from '../../src/respond/lost-blocks.ts';
import { blockOf } from './given.ts';

const TARGET = '10.99.0.1';
const MINUTE = 60_000;

function given(failure: string | null = null) {
  const runs: number[] = [];
  const told: string[] = [];
  const memory = new BlockMemory();
  const entry = memory.decide(blockOf(TARGET), 'command', 'boot');
  let now = 0;
  const lost = new LostBlocks({
    remake: async () => {
      runs.push(now);
      return failure;
    },
    stands: () => memory.entries.get(TARGET)?.ended === null,
    tell: (text) => told.push(text),
  });
  const at = async (ms: number) => {
    now = ms;
    await lost.lost(entry, ms);
  };
  return { lost, entry, memory, runs, told, at };
}

test('a lost block is made again once a minute at most, and three times in all; then the failure is told once', async () => {
  const { lost, entry, runs, told, at } = given();
  for (let ms = MINUTE; ms <= 10 * MINUTE; ms += 10_000) await at(ms);
  expect(runs).toEqual([MINUTE, 2 * MINUTE, 3 * MINUTE]);
  expect(told).toEqual([
    ...[1, 2, 3].map(
      (count) =>
        `Answers left to ${TARGET}, so its block was gone; KILL_ROUTE was run again (attempt ${count} of 3).`,
    ),
    `Answers still leave to ${TARGET}, although KILL_ROUTE was run 3 more times: it does not shut this source out, and is not run for it again.`,
  ]);
  expect(lost.hasGivenUp(entry)).toBe(true);
});

test('a failure to make it again is told', async () => {
  const { told, at } = given('exit status 4');
  await at(MINUTE);
  expect(told).toEqual([
    `Answers left to ${TARGET}, so its block was gone; it could not be made again: exit status 4 (attempt 1 of 3).`,
  ]);
});

test('a later block of the same target has attempts of its own', async () => {
  const { lost, memory, runs } = given();
  for (const since of [1, 2]) {
    const entry = memory.decide(blockOf(TARGET, { since }), 'command', 'boot');
    for (let minute = 1; minute <= 5; minute++) await lost.lost(entry, minute * MINUTE);
  }
  expect(runs).toHaveLength(6);
});

test('blocks that have ended are forgotten', async () => {
  const { lost, entry, memory, at } = given();
  for (let minute = 1; minute <= 5; minute++) await at(minute * MINUTE);
  memory.end(TARGET, 'expired', 0);
  lost.tick(10 * MINUTE);
  expect(lost.hasGivenUp(entry)).toBe(false);
});
