import { describe, expect, test, vi } from 'vitest';
import { runBlock } from '../../src/cli/block.ts';
import { runUnblock } from '../../src/cli/unblock.ts';
import type { Answer } from '../../src/control/handlers.ts';
import { runWith } from './given.ts';

const done: Answer = { outcome: 'done', message: 'It is done.' };

/** `block` and `unblock`, and what came of it with this answer. */
const block = (target: string, time?: string, why?: string, answer = done) => {
  const handler = vi.fn(async () => answer);
  const told = runWith({ block: handler }, (options, output) =>
    runBlock({ ...options, target, time, why }, output),
  );
  return told.then((outcome) => ({ ...outcome, handler }));
};
const unblock = (target: string, answer = done) => {
  const handler = vi.fn(async () => answer);
  const told = runWith({ unblock: handler }, (options, output) =>
    runUnblock({ ...options, target, all: false }, output),
  );
  return told.then((outcome) => ({ ...outcome, handler }));
};

describe('block', () => {
  test.each<[words: [target: string, time?: string, why?: string], request: object]>([
    [['10.0.0.1'], { target: '10.0.0.1', forMs: null, why: null }],
    [['10.1.2.3/8', '1h'], { target: '10.0.0.0/8', forMs: 3_600_000, why: null }],
    [['2001:DB8::1', '0', 'a word'], { target: '2001:db8::1', forMs: 0, why: 'a word' }],
  ])('%j', async (words, request) => {
    const { exit, stdout, handler } = await block(...words);
    expect({ exit, stdout }).toEqual({ exit: 0, stdout: 'It is done.\n' });
    expect(handler).toHaveBeenCalledExactlyOnceWith(request);
  });

  test.each<[words: [target: string, time?: string], error: string]>([
    [['gateway'], 'expected an address or a prefix such as 10.0.0.0/8, found "gateway"'],
    [['10.0.0.1/33'], 'expected an address or a prefix such as 10.0.0.0/8, found "10.0.0.1/33"'],
    [
      ['10.0.0.1', '1 hour'],
      '--for: expected a time such as 30s, 5m, 24h or 7d, at most 3650d, or 0 for ever, found "1 hour"',
    ],
  ])('%j is a usage error', async (words, error) => {
    const told = await block(...words);
    expect(told).toMatchObject({ exit: 64, stdout: '', error });
    expect(told.handler).not.toHaveBeenCalled();
  });
});

describe('an order that is not carried out says why, with its own exit code', () => {
  test.each<[answer: Answer, exit: number]>([
    [{ outcome: 'refused', message: '10.0.0.1 is never blocked: gateway' }, 65],
    [{ outcome: 'absent', message: '10.0.0.1 is not blocked' }, 65],
    [{ outcome: 'failed', message: 'nft: exit status 1' }, 69],
  ])('%j', async (answer, exit) => {
    const told = { exit, stdout: '', error: answer.message };
    expect(await block('10.0.0.1', undefined, undefined, answer)).toMatchObject(told);
    expect(await unblock('10.0.0.1', answer)).toMatchObject(told);
  });
});

test('unblock', async () => {
  const { exit, stdout, handler } = await unblock('10.1.2.3/8');
  expect({ exit, stdout }).toEqual({ exit: 0, stdout: 'It is done.\n' });
  expect(handler).toHaveBeenCalledExactlyOnceWith('10.0.0.0/8');
});

test('unblock --all is well when nobody is blocked', async () => {
  const unblockAll = async () => ({ outcome: 'done', message: 'Nobody was blocked.', count: 0 }) as const;
  const told = await runWith({ unblockAll }, (options, output) =>
    runUnblock({ ...options, target: undefined, all: true }, output),
  );
  expect(told).toMatchObject({ exit: 0, stdout: 'Nobody was blocked.\n' });
});
