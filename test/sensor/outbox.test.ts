import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Outbox } from '../../src/sensor/outbox.ts';
import { RECORD_LENGTH } from '../../src/sensor/record-format.ts';
import { eventually } from '../support/eventually.ts';

/** An outbox that writes to a file, a clock to set by hand, in ms, and the first octets of the records written. */
function makeOutbox() {
  const folder = mkdtempSync(join(tmpdir(), 'portsentry-outbox-'));
  const file = join(folder, 'records');
  const fd = openSync(file, 'w');
  onTestFinished(() => {
    closeSync(fd);
    rmSync(folder, { recursive: true });
  });
  const clock = { now: 100 };
  const fail = () => expect.unreachable('the file can be written to');
  const outbox = new Outbox(fd, () => clock.now, fail);
  const add = (record: number) => {
    outbox.view.setUint8(outbox.offset, record);
    return outbox.commit();
  };
  const written = () => readFileSync(file).filter((_octet, index) => index % RECORD_LENGTH === 0);
  return { outbox, clock, add, written: () => [...written()] };
}

test('a record waits a moment, and a record that comes meanwhile waits as long again', () => {
  const { outbox, clock, add, written } = makeOutbox();
  expect(add(1)).toBe(true);
  clock.now += 0.06;
  expect(add(2)).toBe(true);
  expect([outbox.flushDue(), written()]).toEqual([true, []]);
  clock.now += 0.06;
  expect([outbox.flushDue(), written()]).toEqual([true, [1]]);
  clock.now += 0.06;
  expect([outbox.flushDue(), written()]).toEqual([true, [1]]);
  clock.now += 0.06;
  expect([outbox.flushDue(), written()]).toEqual([false, [1, 2]]);
});

test('in a flood each commit writes the records that are due', () => {
  const { clock, add, written } = makeOutbox();
  for (let record = 0; record < 100; record++) {
    add(record);
    clock.now += 0.05;
  }
  // Of the last half millisecond, ten records, some may wait.
  expect(written().length).toBeGreaterThanOrEqual(90);
  expect(written()).toEqual([...Array(written().length).keys()]);
});

test('a full batch is written at once, and no record is lost', () => {
  const { outbox, add, written } = makeOutbox();
  let records = 0;
  while (written().length === 0) add(records++ % 251);
  expect(written()).toEqual(Array.from({ length: records }, (_, index) => index % 251));
  add(7);
  outbox.flush();
  expect(written().at(-1)).toBe(7);
});

/** A pipe that does not block, to a reader that sleeps until it is asked to read; and all that it has read. */
function makeSlowReader() {
  const reader = spawn('sh', ['-c', 'read -r _ && exec cat <&3'], {
    stdio: ['pipe', 'pipe', 'ignore', 'pipe'],
  });
  onTestFinished(() => void reader.kill());
  const pipe = reader.stdio[3] as Socket & { readonly _handle: { readonly fd: number } };
  const chunks: Buffer[] = [];
  reader.stdout?.on('data', (chunk) => chunks.push(chunk));
  /** Resolves to the first four octets of each record, when the outbox is empty and `count` records have come. */
  const readAll = async (outbox: Outbox, count: number): Promise<number[]> => {
    outbox.flush();
    reader.stdin?.write('read\n');
    await eventually(() => expect(outbox.flushDue()).toBe(false));
    const length = () => chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    await eventually(() => expect(length()).toBe(count * RECORD_LENGTH));
    const read = Buffer.concat(chunks);
    return Array.from({ length: count }, (_, record) => read.readUInt32BE(record * RECORD_LENGTH));
  };
  return { fd: pipe._handle.fd, readAll };
}

test('a pipe that does not block and is full: records wait in order, and beyond the bound they are dropped and counted', async () => {
  const { fd, readAll } = makeSlowReader();
  const records = 20_000;
  const outbox = new Outbox(
    fd,
    () => 0,
    () => expect.unreachable('it reads'),
    records * RECORD_LENGTH,
  );
  const kept: number[] = [];
  for (let record = 0; outbox.dropped === 0; record++) {
    outbox.view.setUint32(outbox.offset, record);
    outbox.commit();
    kept.push(record);
  }
  kept.length -= outbox.dropped;
  expect(kept.length).toBeGreaterThan(records);
  expect(outbox.flushDue()).toBe(true);
  expect(await readAll(outbox, kept.length)).toEqual(kept);
});

test('records that may go ahead overtake what waits for a full pipe, in their order, and no record is lost', async () => {
  const { fd, readAll } = makeSlowReader();
  const outbox = new Outbox(
    fd,
    () => 0,
    () => expect.unreachable('it reads'),
    20_000 * RECORD_LENGTH,
  );
  const add = (record: number, ahead: boolean) => {
    outbox.view.setUint32(outbox.offset, record);
    return outbox.commit(ahead);
  };
  let inPipe = 0;
  for (; !outbox.isBehind; inPipe++) add(inPipe, false);
  for (let record = inPipe; record < 5_000; record++) add(record, false);
  // More than can overtake at a time: the last ones wait as all others do.
  const again = Array.from({ length: 600 }, (_, index) => 1_000_000 + index);
  for (const record of again) expect(add(record, true)).toBe(true);
  expect(outbox.dropped).toBe(0);
  const read = await readAll(outbox, 5_600);
  expect([...read].sort((a, b) => a - b)).toEqual([...Array(5_000).keys(), ...again]);
  expect(read.filter((record) => record < 1_000_000)).toEqual([...Array(5_000).keys()]);
  const first = read.indexOf(again[0] as number);
  expect(first, 'behind what the pipe had taken').toBeLessThanOrEqual(inPipe);
  expect(read.slice(first, first + 512)).toEqual(again.slice(0, 512));
});

test('a record that may go ahead waits its turn where nothing waits', () => {
  const { outbox, written } = makeOutbox();
  for (const [record, ahead] of [
    [1, false],
    [2, true],
    [3, false],
  ] as const) {
    outbox.view.setUint8(outbox.offset, record);
    outbox.commit(ahead);
  }
  outbox.flush();
  expect(written()).toEqual([1, 2, 3]);
});
