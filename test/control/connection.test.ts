import { describe, expect, test, vi } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { stopClock } from '../support/stop-clock.ts';
import { BLOCK, HEALTH, NOW, RawClient, SCANNER, STATUS, serve, WATCH_HEADER, WHY } from './given.ts';

const ASK_STATUS = '{"version":1,"command":"status"}';
const STATUS_LINE = { version: 1, ok: true, status: STATUS };
const SHORT_REQUEST = { requestTimeMs: 100, stallTimeMs: 10_000 };
const SHORT_STALL = { requestTimeMs: 10_000, stallTimeMs: 200 };

/** The answers to everything that is sent before the client ends its side. */
async function exchange(...sent: string[]): Promise<Record<string, unknown>[]> {
  const { path } = await serve();
  return new RawClient(path).finish(sent.join('\n'));
}

describe('each command has its answer', () => {
  test.each<[request: object, ...lines: object[]]>([
    [{ command: 'status' }, { status: STATUS }],
    [{ command: 'list' }, { block: BLOCK }, { end: true, count: 1 }],
    [{ command: 'scanners', since: null }, { scanner: SCANNER }, { end: true, count: 1 }],
    [
      { command: 'watch', sort: 'last', limit: 1 },
      { tick: { header: WATCH_HEADER, sources: [SCANNER], gone: [] } },
    ],
    [{ command: 'block', target: '10.0.0.1' }, { message: '10.0.0.1 is blocked.' }],
    [{ command: 'unblock', target: '10.0.0.1' }, { message: '10.0.0.1 is unblocked.' }],
    [{ command: 'unblock-all' }, { message: '1 block was taken back.', count: 1 }],
    [{ command: 'why', address: 'fd00::1' }, { why: { ...WHY, address: 'fd00::1' } }],
    [{ command: 'spare', address: '198.18.0.1', ms: 5_000 }, { message: '198.18.0.1 is spared.' }],
    [{ command: 'health' }, { checks: HEALTH }],
    [{ command: 'notify-test' }, { tests: [] }],
    [{ command: 'addresses', begin: '10.', known: false }, { addresses: ['10.99.0.1'] }],
  ])('%j', async (request, ...lines) => {
    const answered = lines.map((line) => ({ version: 1, ok: true, ...line }));
    expect(await exchange(JSON.stringify({ version: 1, ...request }), '')).toEqual(answered);
  });

  test('a handler gets what the client asked for', async () => {
    const block = vi.fn(async () => ({ outcome: 'refused', message: 'it is the gateway' }) as const);
    const { path } = await serve({ block });
    const request = { version: 1, command: 'block', target: '10.1.1.1/8', forMs: 1_000, why: 'w' };
    expect(await new RawClient(path).finish(JSON.stringify(request))).toEqual([
      { version: 1, ok: false, reason: 'refused', error: 'it is the gateway' },
    ]);
    expect(block).toHaveBeenCalledExactlyOnceWith({
      target: '10.0.0.0/8',
      forMs: 1_000,
      session: [],
      why: 'w',
    });
  });
});

describe('a connection stays open', () => {
  test('after an error, and answers in the order of the requests', async () => {
    const answers = await exchange(ASK_STATUS, 'nonsense', '{"version":1,"command":"list"}', ASK_STATUS);
    expect(answers).toMatchObject([STATUS_LINE, { ok: false }, { block: BLOCK }, { end: true }, STATUS_LINE]);
  });

  test('when a request comes in single octets', async () => {
    const { path } = await serve();
    const client = new RawClient(path);
    for (const octet of ASK_STATUS) {
      client.socket.write(octet);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await client.finish('\n')).toEqual([STATUS_LINE]);
  });

  test('with 1,000 requests sent at once', async () => {
    expect(await exchange(...Array<string>(1_000).fill(ASK_STATUS))).toHaveLength(1_000);
  });

  test('after a handler has failed, which it reports', async () => {
    const { path } = await serve({
      status: () => {
        throw new Error('no\nsuch table');
      },
      *blocks() {
        yield BLOCK;
        throw new Error('the table is gone');
      },
    });
    const list = '{"version":1,"command":"list"}';
    expect(
      await new RawClient(path).finish([ASK_STATUS, list, '{"version":1,"command":"health"}'].join('\n')),
    ).toMatchObject([
      { ok: false, reason: 'internal', error: 'internal error: no?such table' },
      { block: BLOCK },
      { ok: false, reason: 'internal', error: 'internal error: the table is gone' },
      { ok: true, checks: [{}] },
    ]);
  });
});

describe('a connection ends', () => {
  test('after a request that is too long, with one line', async () => {
    const answers = await exchange(ASK_STATUS, 'x'.repeat(100_000), ASK_STATUS);
    expect(answers).toEqual([
      STATUS_LINE,
      {
        version: 1,
        ok: false,
        reason: 'request',
        error: 'expected a request of at most 4096 octets, found a longer one',
      },
    ]);
  });

  test.each([
    [4_096, true],
    [4_097, false],
  ])('a request of %d octets with its end of line: %s', async (length, taken) => {
    const padding = ' '.repeat(length - 1 - ASK_STATUS.length);
    expect(await exchange(ASK_STATUS + padding, '')).toMatchObject([{ ok: taken }]);
  });

  test('when half a request is followed by silence', async () => {
    stopClock();
    const { path } = await serve({}, SHORT_REQUEST);
    const client = new RawClient(path).read();
    client.socket.write(`${ASK_STATUS}\n{"version":1,`);
    await eventually(() => expect(client.lines()).toHaveLength(1));
    vi.advanceTimersByTime(100);
    await client.closed;
    expect(client.lines()).toEqual([
      STATUS_LINE,
      { version: 1, ok: false, reason: 'request', error: 'no request came within 0.1 s' },
    ]);
  });

  test('when a request comes in a slow drip', async () => {
    const { path } = await serve({}, SHORT_REQUEST);
    const client = new RawClient(path).read();
    const drip = setInterval(() => client.socket.write(' '), 10);
    await client.closed;
    clearInterval(drip);
    expect(client.lines()).toMatchObject([{ ok: false, error: 'no request came within 0.1 s' }]);
  });

  test('when the client does not read the answer, before much of it was made', async () => {
    let made = 0;
    const blocks = function* () {
      for (; made < 100_000; made++) yield { ...BLOCK, since: NOW + made };
    };
    const ended = vi.fn();
    const { path } = await serve(
      {
        *blocks() {
          try {
            yield* blocks();
          } finally {
            ended();
          }
        },
      },
      SHORT_STALL,
    );
    const client = new RawClient(path);
    client.socket.pause();
    client.socket.write('{"version":1,"command":"list"}\n');
    await eventually(() => expect(ended).toHaveBeenCalled());
    const octets = made * JSON.stringify({ version: 1, ok: true, block: BLOCK }).length;
    // A Unix socket holds some 208 KiB (net.core.wmem_default), and we hold one piece.
    expect(octets).toBeGreaterThan(16_384);
    expect(octets).toBeLessThan(1_000_000);
  });

  test('but not while a slow client reads some of the answer now and then', async () => {
    const { path } = await serve({ blocks: () => Array<typeof BLOCK>(10_000).fill(BLOCK) }, SHORT_STALL);
    let taken: TakenSlowly;
    const isAll = () => taken.text.endsWith('"count":10000}\n');
    // Once more when a busy machine made the client stall.
    do taken = await takeSlowly(path);
    while (!isAll() && taken.longestPause > SHORT_STALL.stallTimeMs / 2);
    expect(taken.text.split('\n')).toHaveLength(10_002);
    expect(taken.duration).toBeGreaterThan(2 * SHORT_STALL.stallTimeMs);
  });
});

describe('a subscription', () => {
  const WATCH = '{"version":1,"command":"watch","sort":"last","limit":500}\n';

  test('is refused with one line when too many watch, and the connection ends', async () => {
    const { path } = await serve({ watch: () => null });
    const client = new RawClient(path).read();
    client.socket.write(WATCH);
    await client.closed;
    expect(client.lines()).toMatchObject([{ ok: false, reason: 'busy' }]);
  });

  test('of a client that does not read is dropped, before much of it was made', async () => {
    let made = 0;
    const ended = vi.fn();
    const watch = async function* () {
      try {
        for (; ; made++) yield { header: WATCH_HEADER, sources: Array(500).fill(SCANNER), gone: [] };
      } finally {
        ended();
      }
    };
    const { path } = await serve({ watch: () => watch() }, SHORT_STALL);
    const client = new RawClient(path);
    client.socket.pause();
    client.socket.write(WATCH);
    await eventually(() => expect(ended).toHaveBeenCalled());
    // A Unix socket holds some 208 KiB, and one of these ticks has 150 KiB.
    expect(made).toBeLessThan(10);
  });

  test('that fails says so', async () => {
    const watch = async function* () {
      yield { header: WATCH_HEADER, sources: [], gone: [] };
      throw new Error('the table is gone');
    };
    const { path } = await serve({ watch: () => watch() });
    expect(await new RawClient(path).finish(WATCH)).toMatchObject([
      { tick: {} },
      { ok: false, reason: 'internal', error: 'internal error: the table is gone' },
    ]);
  });
});

interface TakenSlowly {
  readonly text: string;
  /** In milliseconds. */
  readonly duration: number;
  readonly longestPause: number;
}

/** Takes what has come of a list, each 20 ms, until the other side has ended the connection. */
async function takeSlowly(path: string): Promise<TakenSlowly> {
  const client = new RawClient(path);
  client.socket.end('{"version":1,"command":"list"}\n');
  const begun = performance.now();
  let last = begun;
  let longestPause = 0;
  let text = '';
  while (!client.socket.readableEnded && !client.socket.destroyed) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    longestPause = Math.max(longestPause, performance.now() - last);
    last = performance.now();
    text += client.socket.read() ?? '';
  }
  return { text, duration: last - begun, longestPause };
}
