import { expect, test } from 'vitest';
import type { Failure } from '../../src/commands/failure.ts';
import { Batcher, type Change } from '../../src/firewall/batch.ts';
import { blockOf } from '../respond/given.ts';

const NOW = 1_795_354_417_000;

/** The batches that were sent, and a way to answer the last one. */
class Sent {
  readonly batches: (readonly Change[])[] = [];
  answer: (results?: Failure[]) => void = () => {};
  readonly batcher: Batcher;
  #arrived: () => void = () => {};

  constructor(maxBatch = 100) {
    this.batcher = new Batcher(
      (changes) => this.#take(changes),
      maxBatch,
      () => NOW,
    );
  }

  /** Resolves when this number of batches was sent. */
  async count(count: number): Promise<void> {
    while (this.batches.length < count) {
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
    }
  }

  /** The batches as texts, such as `block 10.0.0.1`. */
  texts(): string[][] {
    return this.batches.map((batch) => batch.map(({ verb, target }) => `${verb} ${target.text}`));
  }

  #take(changes: readonly Change[]): Promise<readonly Failure[]> {
    this.batches.push(changes);
    this.#arrived();
    return new Promise((resolve) => {
      this.answer = (results = changes.map(() => null)) => resolve(results);
    });
  }
}

test('the first change is sent at once; the next ones form one batch, each with its own result', async () => {
  const sent = new Sent();
  const targets = ['10.0.0.1', '10.0.0.2', '2001:db8::/64', '10.0.0.3'];
  const results = targets.map((target) => sent.batcher.block(blockOf(target)));
  expect(sent.texts()).toEqual([['block 10.0.0.1']]);
  sent.answer();
  await sent.count(2);
  expect(sent.texts()[1]).toEqual(['block 10.0.0.2', 'block 2001:db8::/64', 'block 10.0.0.3']);
  sent.answer([null, 'no', null]);
  expect(await Promise.all(results)).toEqual([null, null, 'no', null]);
});

test('changes that arrive during a batch form the next one', async () => {
  const sent = new Sent();
  const first = sent.batcher.block(blockOf('10.0.0.1'));
  await sent.count(1);
  const others = [sent.batcher.block(blockOf('10.0.0.2')), sent.batcher.release(blockOf('10.0.0.1'))];
  sent.answer();
  expect(await first).toBeNull();
  await sent.count(2);
  sent.answer(['no', 'neither']);
  expect(await Promise.all(others)).toEqual(['no', 'neither']);
  expect(sent.texts()).toEqual([['block 10.0.0.1'], ['block 10.0.0.2', 'release 10.0.0.1']]);
});

test('of several changes for one target only the last is sent, and all get its result', async () => {
  const sent = new Sent();
  void sent.batcher.block(blockOf('10.0.0.9'));
  const calls = [
    sent.batcher.block(blockOf('10.0.0.1', { until: NOW + 1_000 })),
    sent.batcher.release(blockOf('10.0.0.1')),
    // The same target in another notation.
    sent.batcher.block(blockOf('::ffff:10.0.0.1', { until: NOW + 2_000 })),
  ];
  sent.answer();
  await sent.count(2);
  expect(sent.batches[1]).toMatchObject([{ verb: 'block', until: NOW + 2_000 }]);
  sent.answer(['no']);
  expect(await Promise.all(calls)).toEqual(['no', 'no', 'no']);
});

test('a batch has no more than its maximum', async () => {
  const sent = new Sent(2);
  const all = Promise.all([1, 2, 3, 4, 5].map((last) => sent.batcher.block(blockOf(`10.0.0.${last}`))));
  for (let count = 1; count <= 3; count++) {
    await sent.count(count);
    sent.answer();
  }
  expect(await all).toEqual([null, null, null, null, null]);
  expect(sent.batches.map((batch) => batch.length)).toEqual([1, 2, 2]);
});

test('a block whose end is past, or whose target is invalid, is not sent', async () => {
  const sent = new Sent();
  expect(await sent.batcher.block(blockOf('10.0.0.1', { until: NOW }))).toBeNull();
  for (const target of ['', 'x', '10.0.0.1; reboot', '0.0.0.0/0', '::/0']) {
    expect(await sent.batcher.block(blockOf(target))).toMatch(/^not an address or prefix/);
    expect(await sent.batcher.release(blockOf(target))).toMatch(/^not an address or prefix/);
  }
  const last = sent.batcher.block(blockOf('10.0.0.2', { until: null }));
  await sent.count(1);
  sent.answer();
  expect(await last).toBeNull();
  expect(sent.texts()).toEqual([['block 10.0.0.2']]);
});

test('an aborted call ends at once, and its change is sent all the same', async () => {
  const sent = new Sent();
  const abort = new AbortController();
  const call = sent.batcher.block(blockOf('10.0.0.1'), abort.signal);
  await sent.count(1);
  abort.abort();
  expect(await call).toBe('portsentry is ending');
  expect(await sent.batcher.block(blockOf('10.0.0.2'), abort.signal)).toBe('portsentry is ending');
  sent.answer();
  expect(sent.texts()).toEqual([['block 10.0.0.1']]);
});
