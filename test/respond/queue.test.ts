import { existsSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import type { Failure } from '../../src/commands/failure.ts';
import { runCommand } from '../../src/commands/shell.ts';
import { ActionQueue } from '../../src/respond/queue.ts';
import { eventually } from '../support/eventually.ts';
import { stopClock } from '../support/stop-clock.ts';
import { testFolder } from './given.ts';

test('an action resolves to its result, and a failure is no exception', async () => {
  const queue = new ActionQueue();
  expect(await queue.run('a', async () => null)).toBeNull();
  expect(await queue.run('a', async () => 'exit status 3')).toBe('exit status 3');
});

test('an action that throws rejects and frees its place', async () => {
  const queue = new ActionQueue();
  const broken = () => {
    throw new Error('broken');
  };
  for (let round = 0; round < 20; round++) await expect(queue.run('a', broken)).rejects.toThrow('broken');
  expect(queue.load).toEqual({ running: 0, queued: 0 });
});

test('never more than eight commands run at once, and all of forty do', async () => {
  const queue = new ActionQueue();
  const counts: number[] = [];
  let running = 0;
  const action = async () => {
    counts.push(++running);
    const { failure } = await runCommand('true', { timeoutMs: 60_000 });
    running--;
    return failure;
  };
  const failures = await Promise.all(Array.from({ length: 40 }, (_, index) => queue.run(`${index}`, action)));
  expect(failures).toEqual(new Array(40).fill(null));
  expect(counts).toHaveLength(40);
  expect(Math.max(...counts)).toBe(8);
});

test('one source has one action at a time, in order, and does not delay other sources', async () => {
  const queue = new ActionQueue();
  const gates = [new Gate(), new Gate()];
  const started: string[] = [];
  const first = queue.run('a', () => mark('a1', gates[0]));
  const second = queue.run('a', () => mark('a2', gates[1]));
  await queue.run('b', () => mark('b'));
  expect(started).toEqual(['a1', 'b']);
  gates[0]?.open();
  await first;
  await eventually(() => expect(started).toEqual(['a1', 'b', 'a2']));
  gates[1]?.open();
  await second;

  async function mark(name: string, gate?: Gate): Promise<Failure> {
    started.push(name);
    await gate?.opened;
    return null;
  }
});

describe('a queue that is full', () => {
  test('refuses a block when 1,024 wait, and accepts one again when there is room', async () => {
    const queue = new ActionQueue();
    const gate = new Gate();
    const hold = () => gate.opened;
    const taken = Array.from({ length: 8 + 1_024 }, (_, index) => queue.run(`${index}`, hold));
    expect(queue.load).toEqual({ running: 8, queued: 1_024 });
    expect(await queue.run('more', hold)).toBe('too many actions are waiting: 1024');
    gate.open();
    expect(await Promise.all(taken)).toEqual(new Array(8 + 1_024).fill(null));
    expect(await queue.run('more', hold)).toBeNull();
  });

  test('of notices has room for a block', async () => {
    const queue = new ActionQueue();
    const gate = new Gate();
    const notices = Array.from({ length: 4 + 512 }, (_, index) =>
      queue.run(`${index}`, () => gate.opened, 'notice'),
    );
    expect(await queue.run('more', () => gate.opened, 'notice')).toBe('too many actions are waiting: 512');
    expect(await queue.run('scanner', async () => null)).toBeNull();
    gate.open();
    await Promise.all(notices);
  });
});

test('a proven source finds room in a full queue, and goes before all others that wait', async () => {
  const queue = new ActionQueue();
  const gate = new Gate();
  const order: string[] = [];
  const note = async (name: string) => {
    order.push(name);
    return null;
  };
  const forged = Array.from({ length: 8 + 1_024 }, (_, index) =>
    queue.run(`${index}`, () => gate.opened.then(() => note('forged'))),
  );
  const proven = queue.run('scanner', () => note('proven'), 'proven');
  gate.open();
  await Promise.all([...forged, proven]);
  expect(order.indexOf('proven')).toBeLessThanOrEqual(8);
});

test('slow notices leave room for blocks, and a block goes before a waiting notice', async () => {
  const queue = new ActionQueue();
  const gate = new Gate();
  const order: string[] = [];
  const notices = Array.from({ length: 6 }, (_, index) =>
    queue.run(`n${index}`, () => wait(`n${index}`), 'notice'),
  );
  const blocks = Array.from({ length: 6 }, (_, index) => queue.run(`b${index}`, () => wait(`b${index}`)));
  expect(order).toEqual(['n0', 'n1', 'n2', 'n3', 'b0', 'b1', 'b2', 'b3']);
  gate.open();
  await Promise.all([...notices, ...blocks]);
  expect(order.slice(8, 10)).toEqual(['b4', 'b5']);
  expect(order).toHaveLength(12);

  function wait(name: string): Promise<Failure> {
    order.push(name);
    return gate.opened;
  }
});

describe('at the end of the daemon', () => {
  test('waiting actions are dropped with a reason, and running ones may end by themselves', async () => {
    const queue = new ActionQueue();
    const gate = new Gate();
    const running = Array.from({ length: 8 }, (_, index) => queue.run(`${index}`, () => gate.opened));
    const waiting = queue.run('waiting', async () => null);
    const drained = queue.drain(10_000);
    expect(await waiting).toBe('portsentry is ending');
    expect(await queue.run('late', async () => null)).toBe('portsentry is ending');
    gate.open();
    await drained;
    expect(await Promise.all(running)).toEqual(new Array(8).fill(null));
  });

  test('an idle queue is drained and closed at once', async () => {
    stopClock();
    const queue = new ActionQueue();
    await queue.drain(10_000);
    await queue.close();
  });

  test('eight commands that ignore TERM, and more that wait, end within one second', async () => {
    stopClock();
    const folder = testFolder();
    const queue = new ActionQueue();
    const stubborn = (index: number) => (signal: AbortSignal) =>
      runCommand(`trap "" TERM; touch ${folder}/${index}; sleep 60; sleep 60`, {
        timeoutMs: 60_000,
        signal,
      }).then(({ failure }) => failure);
    const all = Array.from({ length: 20 }, (_, index) => queue.run(`${index}`, stubborn(index)));
    await eventually(() => {
      for (let index = 0; index < 8; index++) expect(existsSync(`${folder}/${index}`)).toBe(true);
    });
    const drained = queue.drain(300);
    await vi.advanceTimersByTimeAsync(300);
    await drained;
    const closed = queue.close();
    await vi.advanceTimersByTimeAsync(600);
    await closed;
    expect(await Promise.all(all)).toEqual(new Array(20).fill('portsentry is ending'));
    expect(existsSync(`${folder}/8`)).toBe(false);
  });
});

/** Holds actions until it is opened. */
class Gate {
  open!: () => void;
  readonly opened = new Promise<Failure>((resolve) => {
    this.open = () => resolve(null);
  });
}
