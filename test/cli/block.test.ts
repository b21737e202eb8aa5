import { describe, expect, test, vi } from 'vitest';
import { runBlock } from '../../src/cli/block.ts';
import { runUnblock } from '../../src/cli/unblock.ts';
import type { Answer } from '../../src/control/handlers.ts';
import { BLOCK } from '../control/given.ts';
import { runWith } from './given.ts';

const NO_LIST = { file: undefined, list: undefined };

const done: Answer = { outcome: 'done', message: 'Done.' };

/** Run `block` and `unblock` against a server that gives this answer. */
const block = (target: string, time?: string, why?: string, answer = done, json = false) => {
  const handler = vi.fn(async () => answer);
  const result = runWith({ block: handler }, (options, output) =>
    runBlock({ ...options, ...NO_LIST, targets: [target], time, why, json }, output),
  );
  return result.then((values) => ({ ...values, handler }));
};
const unblock = (target: string, answer = done, json = false, forget = false) => {
  const handler = vi.fn(async () => answer);
  const result = runWith({ [forget ? 'forget' : 'unblock']: handler }, (options, output) =>
    runUnblock({ ...options, targets: [target], all: false, list: undefined, forget, json }, output),
  );
  return result.then((values) => ({ ...values, handler }));
};

describe('block', () => {
  test.each<[words: [target: string, time?: string, why?: string], request: object]>([
    [['10.0.0.1'], { target: '10.0.0.1', forMs: null, why: null }],
    [['10.1.2.3/8', '1h'], { target: '10.0.0.0/8', forMs: 3_600_000, why: null }],
    [['2001:DB8::1', '0', 'a word'], { target: '2001:db8::1', forMs: 0, why: 'a word' }],
  ])('%j', async (words, request) => {
    const { exit, stdout, handler } = await block(...words);
    expect({ exit, stdout }).toEqual({ exit: 0, stdout: 'Done.\n' });
    // The test may run in a session over SSH.
    expect(handler).toHaveBeenCalledExactlyOnceWith({ ...request, session: expect.any(Array) });
  });

  test.each<[words: [target: string, time?: string], error: string]>([
    [['gateway'], 'expected an address or a prefix such as 10.0.0.0/8, found "gateway"'],
    [['10.0.0.1/33'], 'expected an address or a prefix such as 10.0.0.0/8, found "10.0.0.1/33"'],
    [
      ['10.0.0.1', '1 hour'],
      '--for: expected a time such as 90s, 5m, 1h30m, 2d or 1w, or a number of seconds, at most 3650d, or 0 for ever, found "1 hour"',
    ],
  ])('%j is a usage error', async (words, error) => {
    const result = await block(...words);
    expect(result).toMatchObject({ exit: 64, stdout: '', error });
    expect(result.handler).not.toHaveBeenCalled();
  });
});

describe('a command that the daemon does not carry out prints the reason and has its own exit code', () => {
  test.each<[answer: Answer, exit: number]>([
    [{ outcome: 'refused', message: '10.0.0.1 is never blocked: gateway' }, 65],
    [{ outcome: 'absent', message: '10.0.0.1 is not blocked' }, 65],
    [{ outcome: 'failed', message: 'nft: exit status 1' }, 69],
    [{ outcome: 'later', message: 'UNKILL_ROUTE: exit status 1' }, 75],
  ])('%j', async (answer, exit) => {
    const result = { exit, stdout: '', error: answer.message };
    expect(await block('10.0.0.1', undefined, undefined, answer)).toMatchObject(result);
    expect(await unblock('10.0.0.1', answer)).toMatchObject(result);
    const json = { exit, stdout: `${JSON.stringify(answer)}\n`, error: null };
    expect(await block('10.0.0.1', undefined, undefined, answer, true)).toMatchObject(json);
    expect(await unblock('10.0.0.1', answer, true)).toMatchObject(json);
  });
});

test('unblock', async () => {
  const { exit, stdout, handler } = await unblock('10.1.2.3/8');
  expect({ exit, stdout }).toEqual({ exit: 0, stdout: 'Done.\n' });
  expect(handler).toHaveBeenCalledExactlyOnceWith('10.0.0.0/8');
});

test('unblock --all succeeds when nobody is blocked', async () => {
  const unblockAll = async () => ({ outcome: 'done', message: 'Nobody was blocked.', count: 0 }) as const;
  const result = await runWith({ unblockAll }, (options, output) =>
    runUnblock({ ...options, targets: [], all: true, list: undefined, forget: false, json: false }, output),
  );
  expect(result).toMatchObject({ exit: 0, stdout: 'Nobody was blocked.\n' });
});

test('block --json shows the block that was made', async () => {
  const { exit, stdout } = await block('10.99.0.1', undefined, undefined, { ...done, block: BLOCK }, true);
  expect({ exit, ...JSON.parse(stdout) }).toEqual({
    exit: 0,
    outcome: 'done',
    message: 'Done.',
    block: BLOCK,
  });
});

test('unblock --all --json counts what was taken back, also when something stays', async () => {
  const message = '1 of 2 blocks was taken back; the first that was not: 10.0.0.1: no UNKILL_ROUTE';
  const answer = { outcome: 'failed', message, count: 1 } as const;
  const { exit, stdout } = await runWith({ unblockAll: async () => answer }, (options, output) =>
    runUnblock({ ...options, targets: [], all: true, list: undefined, forget: false, json: true }, output),
  );
  expect({ exit, ...JSON.parse(stdout) }).toEqual({ exit: 69, ...answer });
});

test('unblock --forget asks only for the record', async () => {
  const { exit, handler } = await unblock('10.1.2.3/8', done, false, true);
  expect([exit, handler.mock.calls]).toEqual([0, [['10.0.0.0/8']]]);
});

describe('several targets', () => {
  const HERE = Date.now();
  const listed = (target: string, until: string | null, more: object = {}) =>
    JSON.stringify({ ...BLOCK, target, until, ...more });

  /** The requests of `block -` with these lines on standard input. */
  const blockLines = async (lines: readonly string[], time?: string) => {
    const handler = vi.fn(async () => done);
    const result = await runWith({ block: handler }, (options, output) =>
      runBlock(
        { ...options, ...NO_LIST, targets: ['-'], time, why: undefined, json: false },
        output,
        (async function* () {
          yield lines.join('\n');
        })(),
      ),
    );
    return { ...result, requests: handler.mock.calls.map(([request]: unknown[]) => request) };
  };

  test('standard input has plain targets, comments and the lines of list --json', async () => {
    const { exit, stdout, requests } = await blockLines([
      '# from another host',
      '192.0.2.1  # a comment',
      '',
      '2001:db8::/48',
      listed('192.0.2.2', null),
      listed('192.0.2.3', new Date(HERE + 3_600_000).toISOString(), { kind: 'manual', note: 'by Eve' }),
    ]);
    expect({ exit, stdout }).toEqual({ exit: 0, stdout: 'Done.\n'.repeat(4) });
    expect(requests).toMatchObject([
      { target: '192.0.2.1', forMs: null, why: null },
      { target: '2001:db8::/48', forMs: null, why: null },
      { target: '192.0.2.2', forMs: 0, why: 'TCP SYN/Normal scan, port 111' },
      { target: '192.0.2.3', why: 'by Eve' },
    ]);
    const { forMs } = requests[3] as { forMs: number };
    expect(forMs).toBeGreaterThan(0);
    expect(forMs).toBeLessThanOrEqual(3_600_000);
  });

  test('a block that has ended where it comes from is not made here', async () => {
    const { exit, requests, stderr } = await blockLines([
      listed('192.0.2.2', '2020-01-01T00:00:00Z'),
      '192.0.2.1',
    ]);
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: 'portsentry: 1 of the blocks have ended already\n' });
    expect(requests).toMatchObject([{ target: '192.0.2.1' }]);
  });

  test.each([
    [['192.0.2.1', 'gateway'], /standard input:2: expected .*, found "gateway"/],
    [['{"target":"x"}'], /standard input:1: expected/],
    [['{'], /standard input:1: expected/],
    [['{"target":["192.0.2.1"]}'], /standard input:1: expected/],
    [['\u001b[2J'], /standard input:1: expected/],
  ])('%j is refused before anything is done', async (lines, error) => {
    const { exit, error: said, requests } = await blockLines(lines);
    expect({ exit, requests }).toEqual({ exit: 65, requests: [] });
    expect(said).toMatch(error);
    expect(said).not.toContain('\u001b');
  });

  test('one that fails does not keep the others from being blocked, and gives the exit code', async () => {
    const answers: Answer[] = [
      { outcome: 'refused', message: 'no' },
      done,
      { outcome: 'failed', message: 'nft' },
    ];
    const result = await runWith({ block: async () => answers.shift() as Answer }, (options, output) =>
      runBlock(
        {
          ...options,
          ...NO_LIST,
          targets: ['192.0.2.1', '192.0.2.2', '192.0.2.3'],
          time: undefined,
          why: undefined,
          json: false,
        },
        output,
      ),
    );
    expect(result).toMatchObject({
      exit: 65,
      stdout: 'Done.\n',
      stderr: 'portsentry: no\nportsentry: nft\n',
    });
  });
});
