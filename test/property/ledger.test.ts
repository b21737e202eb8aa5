import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Kind } from '../../src/classify/kind.ts';
import { BLOCK_METHODS } from '../../src/config/config.ts';
import type { Block, BlockCause } from '../../src/firewall/block.ts';
import type { BlockEnd } from '../../src/ledger/entry.ts';
import { LEDGER_FILE, Ledger } from '../../src/ledger/ledger.ts';
import { lineOf, operationIn } from '../../src/ledger/line.ts';
import { BlockMemory, REMEMBERED_TIME_MS } from '../../src/ledger/memory.ts';
import { formatPrefix, type Prefix, parsePrefix } from '../../src/net/prefix.ts';
import { known, NOON, signed } from '../ledger/given.ts';

const TARGETS = ['10.0.0.1', '10.0.0.2', '2001:db8::1', '2001:db8:1::/64'];

const ENDS: readonly BlockEnd[] = [
  'expired',
  'unblocked',
  'failed',
  'replaced',
  'spared',
  'evicted',
  'decoy',
];
const KINDS = Object.keys(Kind).filter((kind) => kind !== 'none') as BlockCause['kind'][];

/** Within the remembered time. */
const time = fc.integer({ min: NOON - REMEMBERED_TIME_MS + 1, max: NOON });
const wrappersLine = fc.option(fc.constantFrom('ALL: 10.0.0.1', 'ALL:\t[2001:db8::1] : DENY # \\ "', ''));
const boot = fc.constantFrom('boot-1', 'boot-2');
const cause: fc.Arbitrary<BlockCause> = fc.record({
  mode: fc.constantFrom('tcp', 'stcp', 'atcp', 'udp', 'sudp', 'audp'),
  kind: fc.constantFrom(...KINDS, 'manual' as const),
  transport: fc.constantFrom('tcp', 'udp'),
  destinationPort: fc.integer({ min: 0, max: 65_535 }),
  connects: fc.nat(),
  note: fc.option(fc.string({ unit: 'binary', maxLength: 300 })),
});

/** A call that the test makes on two memories alike. */
type Call = (memory: BlockMemory) => unknown;

const call: fc.Arbitrary<Call> = fc
  .record({
    verb: fc.constantFrom('decide', 'decide', 'confirm', 'confirm', 'end', 'end', 'lift', 'lift-all'),
    target: fc.constantFrom(...TARGETS),
    method: fc.constantFrom(...BLOCK_METHODS),
    how: fc.constantFrom(...ENDS, 'failed' as const),
    line: fc.option(wrappersLine, { nil: undefined }),
    until: fc.option(time),
    since: time,
    boot,
    cause,
  })
  .map(({ verb, target, method, how, line, until, since, boot, cause }) => {
    const block: Block = { target, family: target.includes(':') ? 6 : 4, since, until, cause };
    if (verb === 'decide') return (memory) => memory.decide(block, method, boot, line);
    if (verb === 'confirm') return (memory) => memory.confirm(target, boot, line);
    if (verb === 'end') return (memory) => memory.end(target, how, since);
    return (memory) => memory.lift(verb === 'lift' ? [target] : 'all');
  });

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'portsentry-ledger-'));
  try {
    await test(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function open(folder: string, told: string[] = []): Promise<Ledger> {
  return Ledger.open(folder, { now: NOON, tell: (text) => told.push(text) });
}

test('after any calls, reopens and rewrites it knows what a memory knows', async () => {
  const step = fc.oneof(
    { weight: 8, arbitrary: call },
    { weight: 1, arbitrary: fc.constantFrom('reopen' as const, 'lose' as const, 'turn' as const) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80 }), (steps) =>
      inFolder(async (folder) => {
        const memory = new BlockMemory();
        let ledger = await open(folder);
        for (const each of [...steps, 'reopen' as const]) {
          if (typeof each === 'function') {
            each(memory);
            each(ledger);
          } else if (each === 'turn') {
            expect(await ledger.durable()).toBeNull();
          } else if (each === 'lose') {
            // It is rewritten from a snapshot while further operations arrive.
            rmSync(join(folder, LEDGER_FILE), { force: true });
            ledger.tick(NOON);
          } else {
            await ledger.close();
            ledger = await open(folder);
          }
          expect(known(ledger)).toEqual(known(memory));
          expect(ledger.due).toBe(known(memory).filter(({ ended }) => ended === null).length);
        }
        await ledger.close();
      }),
    ),
    { numRuns: 100 },
  );
});

test('cut anywhere, it knows the first operations, and continues from there', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(call, { maxLength: 30 }),
      fc.integer({ min: 0, max: 1_000 }),
      call,
      (calls, part, next) =>
        inFolder(async (folder) => {
          const path = join(folder, LEDGER_FILE);
          const ledger = await open(folder);
          for (const each of calls) each(ledger);
          await ledger.close();
          const whole = readFileSync(path, 'utf8');
          const length = Math.floor((part / 1_000) * Buffer.byteLength(whole));
          truncateSync(path, length);
          const lines = Buffer.from(whole).subarray(0, length).toString().split('\n').slice(0, -1);

          const memory = new BlockMemory();
          for (const line of lines) {
            const operation = operationIn(Buffer.from(line));
            if (typeof operation === 'object') memory.apply(operation);
          }
          const told: string[] = [];
          const cut = await open(folder, told);
          expect(known(cut)).toEqual(known(memory));
          next(memory);
          next(cut);
          await cut.close();
          const again = await open(folder, told);
          expect(known(again)).toEqual(known(memory));
          expect(told).toEqual([]);
          await again.close();
        }),
    ),
    { numRuns: 100 },
  );
});

test('a changed line is read as before, or not at all', () => {
  fc.assert(
    fc.property(call, fc.nat(), fc.integer({ min: 1, max: 255 }), (each, place, change) => {
      const lines: string[] = [];
      each(
        new (class extends BlockMemory {
          protected override record(operation: Parameters<typeof lineOf>[0]): void {
            lines.push(lineOf(operation));
          }
        })(),
      );
      for (const line of lines) {
        const bytes = Buffer.from(line.trimEnd());
        const said = operationIn(bytes);
        bytes[place % bytes.length] = (bytes[place % bytes.length] ?? 0) ^ change;
        expect([said, 'damaged', 'unknown']).toContainEqual(operationIn(bytes));
      }
    }),
  );
});

test('whatever a record with a valid checksum contains, its entry is as the ledger would write it', async () => {
  const field = fc.constantFrom(
    ...['op', 'target', 'since', 'until', 'mode', 'kind', 'transport', 'port', 'connects', 'note', 'method'],
    ...['wrappersLine', 'boot', 'times', 'inForce', 'at', 'how'],
  );
  const value = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom(
      'entry',
      'decide',
      'constructor',
      '$(id)',
      '10.0.0.1;id',
      '10.0.0.1/24',
      '10.0.0.01',
      -1,
      1e300,
    ),
  );
  const changes = fc.array(fc.tuple(field, value), { maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(fc.array(changes, { maxLength: 5 }), (records) =>
      inFolder(async (folder) => {
        const lines = records.map((changed) =>
          signed(JSON.stringify({ ...RECORD, ...Object.fromEntries(changed) })),
        );
        writeFileSync(join(folder, LEDGER_FILE), lines.join(''));
        const ledger = await open(folder);
        for (const [target, entry] of ledger.entries) {
          expect(entry.block.target).toBe(target);
          expect(formatPrefix(parsePrefix(target) as Prefix)).toBe(target);
          expect(operationIn(Buffer.from(lineOf({ op: 'entry', entry }).trimEnd()))).toEqual({
            op: 'entry',
            entry,
          });
          expect(() => new Date(entry.block.since).toISOString()).not.toThrow();
          expect(entry.block.cause.note ?? '').toMatch(/^[^\p{Cc}]{0,200}$/u);
        }
        await ledger.close();
      }),
    ),
    { numRuns: 300 },
  );
});

const RECORD = {
  op: 'entry',
  target: '10.0.0.1',
  since: NOON,
  until: null,
  mode: 'atcp',
  kind: 'syn',
  transport: 'tcp',
  port: 111,
  connects: 1,
  note: null,
  method: 'nftables',
  wrappersLine: null,
  boot: 'boot-1',
  times: 1,
  inForce: true,
};
