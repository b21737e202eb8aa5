import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ask, ControlError } from '../../src/control/client.ts';
import { eventually } from '../support/eventually.ts';
import { askAll, BLOCK, serve, testFolder, WATCH_HEADER } from './given.ts';

/** Listens at a path and answers each connection with `answer`. */
async function peer(answer: (socket: Socket) => void): Promise<string> {
  const path = join(testFolder(), 's');
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    answer(socket);
  }).listen(path);
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  await once(server, 'listening');
  return path;
}

const troubleAt = (path: string, timeoutMs?: number) =>
  askAll(path, { command: 'status' }, timeoutMs).catch((error: unknown) => {
    if (!(error instanceof ControlError)) throw error;
    return [error.trouble, error.message.replaceAll(path, 'PATH')];
  });

test('a subscription goes on until it is aborted, which is no error', async () => {
  let isEnded = false;
  const watch = async function* () {
    try {
      for (;;) yield { header: WATCH_HEADER, sources: [], gone: [] };
    } finally {
      isEnded = true;
    }
  };
  const { path } = await serve({ watch: () => watch() });
  const abort = new AbortController();
  let count = 0;
  for await (const response of ask(
    path,
    { command: 'watch', sort: 'last', limit: 1 },
    60_000,
    abort.signal,
  )) {
    expect(response.ok).toBe(true);
    if (++count === 1_000) abort.abort();
  }
  expect(count).toBe(1_000);
  await eventually(() => expect(isEnded).toBe(true));
});

test('a client that is aborted while it waits ends at once', async () => {
  const path = await peer(() => {});
  const abort = new AbortController();
  setImmediate(() => abort.abort());
  for await (const response of ask(path, { command: 'status' }, 60_000, abort.signal))
    expect(response).toBeNull();
  expect(abort.signal.aborted).toBe(true);
});

test('a list arrives as it is made, and a client may stop in the middle', async () => {
  const { path } = await serve({ blocks: () => Array<typeof BLOCK>(100_000).fill(BLOCK) });
  let count = 0;
  for await (const response of ask(path, { command: 'list' }, 60_000)) {
    expect(response).toEqual({ ok: true, fields: { block: BLOCK } });
    if (++count === 1_000) break;
  }
  expect(await askAll(path, { command: 'list' })).toHaveLength(100_001);
});

test('an error is an answer', async () => {
  const { path } = await serve({ unblock: async () => ({ outcome: 'absent', message: 'no such block' }) });
  const request = { command: 'unblock', target: '10.0.0.1' } as const;
  expect(await askAll(path, request)).toEqual([
    { ok: false, reason: 'absent', error: 'no such block', fields: {} },
  ]);
});

describe('one line says what went wrong', () => {
  test('nothing there', async () => {
    expect(await troubleAt(join(testFolder(), 'none'))).toEqual(['absent', 'no portsentry answers on PATH']);
  });

  test('only a file there', async () => {
    const path = join(testFolder(), 'file');
    writeFileSync(path, '');
    expect(await troubleAt(path)).toEqual(['absent', 'no portsentry answers on PATH']);
  });

  test('a path that the kernel would cut', async () => {
    const path = join(testFolder(), 'x'.repeat(120));
    expect(await troubleAt(path)).toEqual([
      'absent',
      'no portsentry answers on PATH: the path is longer than 107 octets',
    ]);
  });

  test.skipIf(process.getuid?.() !== 0)('no permission', async () => {
    const { path } = await serve();
    chmodSync(path, 0o600);
    process.seteuid?.('nobody');
    const trouble = await troubleAt(path).finally(() => process.seteuid?.(0));
    expect(trouble).toEqual(['forbidden', 'PATH: no permission']);
  });

  test.each<[what: string, answer: (socket: Socket) => void, trouble: string, message: RegExp]>([
    ['silence', () => {}, 'silent', /^PATH does not answer \(waited 1 s\)$/],
    [
      'an end without an answer',
      (socket) => socket.end(),
      'protocol',
      /^the answer on PATH cannot be used: /,
    ],
    [
      'half an answer',
      (socket) => socket.end('{"version":1,'),
      'protocol',
      /^the program on PATH is not portsentry$/,
    ],
    [
      'another protocol',
      (socket) => socket.end('220 smtp\r\n'),
      'protocol',
      /^the program on PATH is not portsentry$/,
    ],
    ['another version', (socket) => socket.end('{"version":2,"ok":true}\n'), 'protocol', /not portsentry$/],
    ['a line without end', (socket) => socket.write('x'.repeat(2 ** 21)), 'protocol', /a line is too long$/],
  ])('%s', async (_what, answer, trouble, message) => {
    const path = await peer(answer);
    const patience = trouble === 'silent' ? 1_000 : 60_000;
    expect(await troubleAt(path, patience)).toEqual([trouble, expect.stringMatching(message)]);
  });

  test('a list that ends too early', async () => {
    const path = await peer((socket) => socket.end('{"version":1,"ok":true,"block":{}}\n'));
    const lines: unknown[] = [];
    const reading = async () => {
      for await (const response of ask(path, { command: 'list' }, 60_000)) lines.push(response);
    };
    await expect(reading()).rejects.toThrow(/^the answer on \S+ cannot be used: it ends too early$/);
    expect(lines).toHaveLength(1);
  });
});
