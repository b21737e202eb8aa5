import { expect, test } from 'vitest';
import { addressesFrom } from '../../src/daemon/addresses.ts';
import type { LedgerEntry } from '../../src/ledger/entry.ts';
import { Tracker } from '../../src/track/tracker.ts';
import { probe } from '../track/given.ts';

function tracked(...sources: string[]) {
  const tracker = new Tracker({
    trigger: 0,
    windowMs: 86_400_000,
    ipv6Prefix: 64,
    salt: 1,
    onScanEnd: () => {},
  });
  for (const [index, source] of sources.entries())
    tracker.observe(probe({ source, at: 1_000 + index, port: 1 }));
  return tracker.table;
}

const blocked = (...targets: string[]) => ({
  due: () => targets.map((target) => ({ block: { target } }) as LedgerEntry).values(),
});

test('blocks come first, then the sources that were seen last, as far as they fit what was typed', async () => {
  const table = tracked('10.0.0.1', '10.0.0.2', '192.0.2.1', '2001:db8::1');
  const blocks = blocked('10.0.0.2', '10.9.0.0/16', '2001:db8::/32');
  expect(await addressesFrom({ begin: '10.', known: false, blocks, table })).toEqual([
    '10.0.0.2',
    '10.9.0.0/16',
  ]);
  expect(await addressesFrom({ begin: '10.', known: true, blocks, table })).toEqual([
    '10.0.0.2',
    '10.9.0.0/16',
    '10.0.0.1',
  ]);
  expect(await addressesFrom({ begin: '2001:DB8', known: true, blocks, table })).toEqual([
    '2001:db8::/32',
    '2001:db8::1',
  ]);
  expect(await addressesFrom({ begin: '', known: true, blocks, table })).toHaveLength(6);
  expect(await addressesFrom({ begin: '7', known: true, blocks, table })).toEqual([]);
});

test('a flood of sources is answered with a few', async () => {
  const sources = Array.from({ length: 5_000 }, (_, index) => `11.0.${index >> 8}.${index & 255}`);
  const found = await addressesFrom({
    begin: '11.',
    known: true,
    blocks: blocked(),
    table: tracked(...sources),
  });
  expect(found).toHaveLength(200);
  expect(found[0]).toBe(sources.at(-1));
});
