import { expect, test } from 'vitest';
import type { LedgerEntry } from '../../src/ledger/entry.ts';
import { Ledger } from '../../src/ledger/ledger.ts';
import { operationIn } from '../../src/ledger/line.ts';
import { blockOf, testFolder } from '../respond/given.ts';
import { BOOT, DAY_MS, Given, NOON } from './given.ts';

const HOUR_MS = 3_600_000;

/** When the block of this target begins and ends, and when it was over. */
function timesOf(entry: LedgerEntry | undefined) {
  return [entry?.block.since, entry?.block.until, entry?.ended?.at ?? null];
}

test('the file has times of the wall clock, and gets new ones when that is moved', async () => {
  let aheadMs = 0;
  const given = new Given(testFolder());
  const options = { now: NOON, tell: () => {}, toWall: (time: number) => time + aheadMs };
  const ledger = await Ledger.open(given.folder, options);
  ledger.decide(blockOf('10.0.0.1', { since: NOON, until: NOON + DAY_MS }), 'nftables', BOOT);
  aheadMs = -3 * HOUR_MS;
  ledger.clockMoved();
  expect(await ledger.durable()).toBeNull();
  ledger.decide(blockOf('10.0.0.2', { since: NOON, until: null }), 'nftables', BOOT);
  ledger.end('10.0.0.2', 'unblocked', NOON + 1_000);
  await ledger.close();
  expect(timesOf(ledger.entries.get('10.0.0.1'))).toEqual([NOON, NOON + DAY_MS, null]);
  const operations = given.lines.map((line) => operationIn(Buffer.from(line)));
  expect(operations).toMatchObject([
    { entry: { block: { target: '10.0.0.1', since: NOON + aheadMs, until: NOON + DAY_MS + aheadMs } } },
    { entry: { block: { target: '10.0.0.2', since: NOON + aheadMs, until: null } } },
    { op: 'end', target: '10.0.0.2', at: NOON + 1_000 + aheadMs },
  ]);
});

test('what a file says of the future counts as of now: a block is not longer for that, and is said', async () => {
  const given = await Given.open();
  const until = NOON + DAY_MS;
  given.ledger.decide(blockOf('10.0.0.1', { since: NOON, until }), 'nftables', BOOT);
  given.ledger.decide(blockOf('10.0.0.2', { since: NOON, until }), 'nftables', BOOT);
  given.ledger.end('10.0.0.2', 'unblocked', NOON + HOUR_MS);
  // As on a board without a clock of its own, before it has asked for the time.
  const boot = NOON - 56 * 365 * DAY_MS;
  await given.reopen(boot);
  const { entries } = given.ledger;
  expect(timesOf(entries.get('10.0.0.1'))).toEqual([boot, boot + DAY_MS, null]);
  expect(timesOf(entries.get('10.0.0.2'))).toEqual([boot, boot + DAY_MS, boot]);
  expect(given.told).toEqual([expect.stringMatching(/ledger is of a later time than it is now: /)]);
  await given.reopen(boot + HOUR_MS);
  expect(timesOf(given.ledger.entries.get('10.0.0.1'))).toEqual([boot, boot + DAY_MS, null]);
  expect(given.told).toHaveLength(1);
});
