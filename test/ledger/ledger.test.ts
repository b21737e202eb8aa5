import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { LEDGER_FILE } from '../../src/ledger/ledger.ts';
import { operationIn } from '../../src/ledger/line.ts';
import { BlockMemory } from '../../src/ledger/memory.ts';
import { blockOf, testFolder } from '../respond/given.ts';
import { BOOT, Given, known, NOON } from './given.ts';

/** The file of a closed ledger with operations of each kind. */
async function written(): Promise<{ folder: string; path: string; text: string }> {
  const given = await Given.open();
  const { ledger, folder } = given;
  for (const target of ['10.0.0.1', '2001:db8::/64', '10.0.0.3'])
    ledger.decide(blockOf(target), 'nftables', BOOT);
  ledger.confirm('10.0.0.1', BOOT, 'ALL: 10.0.0.1 : DENY');
  ledger.confirm('2001:db8::/64', BOOT);
  ledger.end('10.0.0.3', 'failed', NOON);
  ledger.end('10.0.0.1', 'unblocked', NOON);
  ledger.decide(blockOf('10.0.0.1', { until: null }), 'ipset', BOOT);
  ledger.lift(['2001:db8::/64']);
  await ledger.close();
  const path = join(folder, LEDGER_FILE);
  return { folder, path, text: readFileSync(path, 'utf8') };
}

test('cut at any byte, it knows what the whole lines say, and accepts the next one', async () => {
  const { path, text } = await written();
  expect(text.length).toBeGreaterThan(500);
  // In memory, because the test opens and syncs it a thousand times.
  const folder = mkdtempSync('/dev/shm/portsentry-ledger-');
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (let length = 0; length <= Buffer.byteLength(text); length++) {
    const cut = join(folder, String(length));
    mkdirSync(cut);
    copyFileSync(path, join(cut, LEDGER_FILE));
    truncateSync(join(cut, LEDGER_FILE), length);
    const memory = new BlockMemory();
    for (const line of text.slice(0, length).split('\n').slice(0, -1)) {
      const operation = operationIn(Buffer.from(line));
      if (typeof operation === 'object') memory.apply(operation);
    }
    const given = await Given.open(cut);
    expect([length, known(given.ledger), given.told]).toEqual([length, known(memory), []]);
    given.ledger.decide(blockOf('10.0.0.9'), 'route', BOOT);
    await given.ledger.close();
    const again = await Given.open(cut);
    expect([length, again.ledger.entries.has('10.0.0.9'), again.told]).toEqual([length, true, []]);
    await again.ledger.close();
  }
});

test('a corrupt byte costs only its own line, and that is reported', async () => {
  const { folder, path, text } = await written();
  const lines = text.trimEnd().split('\n');
  const at = Buffer.byteLength(`${lines.slice(0, 2).join('\n')}\n`) + 20;
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] as number) ^ 0x01;
  writeFileSync(path, bytes);
  const given = await Given.open(folder);
  expect(given.told).toEqual([expect.stringMatching(/ledger: lines that were skipped: 1 damaged$/)]);
  expect([...given.ledger.entries.keys()]).toEqual(['10.0.0.1', '2001:db8::/64']);
  await given.ledger.close();
});

test('only its owner may read it', async () => {
  const { folder, path } = await written();
  expect([statSync(path).mode & 0o777, statSync(folder).mode & 0o777]).toEqual([0o600, 0o700]);
});

test('a start rewrites it when most of it is history', async () => {
  const given = await Given.open();
  for (let round = 0; round < 100; round++) {
    given.ledger.decide(blockOf('10.0.0.1'), 'nftables', BOOT);
    given.ledger.confirm('10.0.0.1', BOOT);
    given.ledger.end('10.0.0.1', 'unblocked', NOON);
  }
  const before = known(given.ledger);
  await given.ledger.close();
  expect(given.lines).toHaveLength(300);
  await given.reopen();
  expect(known(given.ledger)).toEqual(before);
  await given.ledger.close();
  expect(given.lines).toHaveLength(1);
});

describe('a folder that cannot be used', () => {
  test('is reported, and blocks are remembered until the end', async () => {
    const folder = join(testFolder(), 'file');
    writeFileSync(folder, '');
    const given = await Given.open(folder);
    expect(given.told).toEqual([expect.stringMatching(/ledger: cannot be opened to write: /)]);
    given.ledger.decide(blockOf('10.0.0.1'), 'nftables', BOOT);
    expect(await given.ledger.durable()).toMatch(/./);
    expect(given.ledger.due).toBe(1);
    await given.ledger.close();
  });
});
