import { expect, test } from 'vitest';
import type { Failure } from '../../src/commands/failure.ts';
import { Batcher, type Change } from '../../src/firewall/batch.ts';
import { blockOf } from '../respond/given.ts';

const NOW = 1_795_354_417_000;

/** Batches that were sent, and a way to answer the last of them. */
class Sent {
  readonly batches: (readonly Change[])[] = [];
  answer: (results?: Failure[]) => void = () => {};
  readonly batcher: Batcher;
  #arrived: () => void = () => {};

  constructor(most = 100) {
    this.batcher = new Batcher(
      (changes) => this.#take(changes),
      most,
      () => NOW,
    );
  }

  /** Resolves when there are so many batches. */
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

test('the first call goes before it returns; the others of its turn are one batch, each with its own result', async () => {
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

test('what comes while a batch is under way is the next one', async () => {
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

test('of several changes for one target the last one counts, and its result is theirs', async () => {
  const sent = new Sent();
  void sent.batcher.block(blockOf('10.0.0.9'));
  const calls = [
    sent.batcher.block(blockOf('10.0.0.1', { until: NOW + 1_000 })),
    sent.batcher.release(blockOf('10.0.0.1')),
    // The same target in other words.
    sent.batcher.block(blockOf('::ffff:10.0.0.1', { until: NOW + 2_000 })),
  ];
  sent.answer();
  await sent.count(2);
  expect(sent.batches[1]).toMatchObject([{ verb: 'block', until: NOW + 2_000 }]);
  sent.answer(['no']);
  expect(await Promise.all(calls)).toEqual(['no', 'no', 'no']);
});

test('no batch has more than it may', async () => {
  const sent = new Sent(2);
  const all = Promise.all([1, 2, 3, 4, 5].map((last) => sent.batcher.block(blockOf(`10.0.0.${last}`))));
  for (let count = 1; count <= 3; count++) {
    await sent.count(count);
    sent.answer();
  }
  expect(await all).toEqual([null, null, null, null, null]);
  expect(sent.batches.map((batch) => batch.length)).toEqual([1, 2, 2]);
});

test('one whose end is past, and one that is no target, are not sent', async () => {
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

test('an aborted call ends at once, and the change goes its way', async () => {
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
