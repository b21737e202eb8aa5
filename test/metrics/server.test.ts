import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { MAX_CONNECTIONS, MetricsServer, type Place } from '../../src/metrics/server.ts';

const TEXT = 'a 1\n'.repeat(3_000);
const ANY_PORT = { host: '127.0.0.1', port: 0 };

function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'portsentry-metrics-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function serve(place: Place = ANY_PORT, connectionTimeMs?: number, text = async () => TEXT) {
  const server = await MetricsServer.open(place, { text, ...(connectionTimeMs && { connectionTimeMs }) });
  onTestFinished(() => server.close());
  const at = server.address;
  return { server, at: at === null ? (place as { path: string }) : { host: at.address, port: at.port } };
}

type Where = { readonly path: string } | { readonly host: string; readonly port: number };

/** What the server sends until it closes. */
async function exchange(where: Where, ...sent: string[]): Promise<string> {
  const socket = await open(where);
  let got = '';
  socket.setEncoding('latin1').on('data', (text) => {
    got += text;
  });
  for (const text of sent) socket.write(text);
  await closed(socket);
  return got;
}

/** A connection, whose errors are no errors of the test. */
async function open(where: Where): Promise<Socket> {
  const socket = connect(where);
  socket.on('error', () => {});
  onTestFinished(() => {
    socket.destroy();
  });
  await once(socket, 'connect');
  return socket;
}

/** Resolves when the connection has ended, in whatever way. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  });
}

const GET = 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n';
const statusOf = (answer: string) => /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? answer;

describe('a request', () => {
  test('GET has the metrics and the type that Prometheus expects', async () => {
    const { at } = await serve();
    const answer = await exchange(at, GET);
    expect(statusOf(answer)).toBe('200');
    expect(answer).toContain('Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n');
    expect(answer.split('\r\n\r\n')[1]).toBe(TEXT);
  });

  test('HEAD has the same head and no body', async () => {
    const { at } = await serve();
    const answer = await exchange(at, GET.replace('GET', 'HEAD'));
    expect(statusOf(answer)).toBe('200');
    expect(answer).toContain(`Content-Length: ${TEXT.length}`);
    expect(answer.split('\r\n\r\n')[1]).toBe('');
  });

  test.each([
    ['another path', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', '404'],
    ['a path that begins alike', 'GET /metricsx HTTP/1.1\r\nHost: x\r\n\r\n', '404'],
    ['a path with dots', 'GET /../metrics HTTP/1.1\r\nHost: x\r\n\r\n', '404'],
    ['a query, which is ignored', 'GET /metrics?a=b HTTP/1.1\r\nHost: x\r\n\r\n', '200'],
    ['HTTP/1.0', 'GET /metrics HTTP/1.0\r\n\r\n', '200'],
    ['another method', 'POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx', '405'],
    ['a method that is none', 'HACK /metrics HTTP/1.1\r\nHost: x\r\n\r\n', '400'],
    ['no HTTP', '\u0016\u0003\u0001\u0000\u0001\r\n\r\n', '400'],
    ['no host', 'GET /metrics HTTP/1.1\r\n\r\n', '400'],
    [
      'two lengths',
      'GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
      '400',
    ],
    ['a head of 9 KiB', `GET /metrics HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(9_216)}\r\n\r\n`, '431'],
    ['a path of 9 KiB', `GET /${'y'.repeat(9_216)} HTTP/1.1\r\nHost: x\r\n\r\n`, '431'],
    ['thousands of headers', `GET /metrics HTTP/1.1\r\nHost: x\r\n${'X: y\r\n'.repeat(4_200)}\r\n`, '431'],
    [
      'an upgrade',
      'GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
      '200',
    ],
  ])('%s', async (_what, request, status) => {
    const { at } = await serve();
    expect(statusOf(await exchange(at, request))).toBe(status);
    expect(statusOf(await exchange(at, GET)), 'the server goes on').toBe('200');
  });

  test('CONNECT ends the connection', async () => {
    const { at } = await serve();
    expect(await exchange(at, 'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n')).not.toMatch(/^HTTP\/1\.1 200/);
  });

  test('of a hundred in one piece one is answered with the metrics', async () => {
    const { at } = await serve();
    const answer = await exchange(at, GET.repeat(100));
    expect([...answer.matchAll(/^HTTP\/1\.1 200/gm)]).toHaveLength(1);
  });

  test('that fails inside says no more than that', async () => {
    const { at } = await serve(ANY_PORT, undefined, () => Promise.reject(new Error('secret')));
    const answer = await exchange(at, GET);
    expect(statusOf(answer)).toBe('500');
    expect(answer).not.toContain('secret');
  });
});

describe('a connection ends in time', () => {
  test.each<[string, (socket: Socket) => void]>([
    ['that says nothing', () => {}],
    ['that never ends its head', (socket) => socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n')],
    [
      'that sends an octet now and then',
      (socket) => {
        const timer = setInterval(() => socket.write('x'), 20);
        socket.on('close', () => clearInterval(timer));
      },
    ],
    [
      'that sends a body without end',
      (socket) => {
        socket.write('POST /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
        const timer = setInterval(() => socket.write('1\r\nx\r\n'), 20);
        socket.on('close', () => clearInterval(timer));
      },
    ],
  ])('one %s', async (_what, act) => {
    const { at } = await serve(ANY_PORT, 200);
    const socket = await open(at);
    socket.resume();
    act(socket);
    await closed(socket);
  });

  test('one whose client does not read', async () => {
    const { at } = await serve(ANY_PORT, 200, async () => 'x'.repeat(32 * 1024 * 1024));
    const socket = await open(at);
    socket.pause();
    socket.write(GET);
    // The server has gone when it takes no octet more.
    const timer = setInterval(() => socket.write('x'), 20);
    await closed(socket);
    clearInterval(timer);
  });
});

test('a thousand connections cost no more than the eight that are served', async () => {
  const { at } = await serve(ANY_PORT, 200);
  for (let round = 0; round < 10; round++) {
    const sockets = Array.from({ length: 100 }, () => connect(at).on('error', () => {}));
    for (const socket of sockets) socket.resume();
    await Promise.all(sockets.map(closed));
  }
  expect(statusOf(await exchange(at, GET))).toBe('200');
});

test(`of nine clients the ninth is closed, and served when one of the ${MAX_CONNECTIONS} has gone`, async () => {
  const { at } = await serve();
  const sockets: Socket[] = [];
  for (let count = 0; count < MAX_CONNECTIONS; count++) sockets.push(await open(at));
  expect(await exchange(at, GET)).toBe('');
  sockets[0]?.destroy();
  for (;;) {
    const answer = await exchange(at, GET);
    if (answer === '') continue;
    expect(statusOf(answer)).toBe('200');
    return;
  }
});

test('a port that another program has is refused in one line', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => {
    other.close();
  });
  await once(other, 'listening');
  const { port } = other.address() as { port: number };
  await expect(MetricsServer.open({ host: '127.0.0.1', port }, { text: async () => '' })).rejects.toThrow(
    /^another program listens there$/,
  );
});

test.each([
  ['a descriptor that is no socket', 1],
  ['a descriptor that is not open', 987],
])('%s is refused', async (_what, fd) => {
  await expect(MetricsServer.open({ fd }, { text: async () => '' })).rejects.toThrow();
});

describe('a unix socket', () => {
  test('is for everybody who may enter its folder, and gone at the end', async () => {
    const folder = testFolder();
    const umask = process.umask(0o077);
    onTestFinished(() => {
      process.umask(umask);
    });
    const path = join(folder, 'm.sock');
    const { server } = await serve({ path });
    expect((statSync(path).mode & 0o7777).toString(8)).toBe('666');
    expect(readdirSync(folder)).toEqual(['m.sock']);
    expect(statusOf(await exchange({ path }, GET))).toBe('200');
    expect(server.isReachable).toBe(true);
    await server.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  test.each<[string, (path: string) => void]>([
    ['a file', (path) => writeFileSync(path, 'precious')],
    ['a folder', (path) => mkdirSync(path)],
    ['a link', (path) => symlinkSync('/dev/null', path)],
    ['a link to a missing file', (path) => symlinkSync('/nonexistent/file', path)],
  ])('%s in its place is left alone', async (_what, make) => {
    const folder = testFolder();
    const path = join(folder, 'm.sock');
    make(path);
    await expect(MetricsServer.open({ path }, { text: async () => '' })).rejects.toThrow(
      /is no socket: remove it/,
    );
    expect(readdirSync(folder)).toEqual(['m.sock']);
  });

  test('that a killed program left is replaced', async () => {
    const path = join(testFolder(), 'm.sock');
    const script = `require('node:net').createServer().listen(process.argv[1], () => console.log('there'))`;
    const killed = spawn(process.execPath, ['-e', script, path]);
    await once(killed.stdout, 'data');
    killed.kill('SIGKILL');
    await once(killed, 'close');
    await serve({ path });
    expect(statusOf(await exchange({ path }, GET))).toBe('200');
  });

  test('that another program listens on is left to it', async () => {
    const path = join(testFolder(), 'm.sock');
    const other = createServer((socket) => socket.on('error', () => {}).end('other')).listen(path);
    onTestFinished(() => {
      other.close();
    });
    await once(other, 'listening');
    await expect(MetricsServer.open({ path }, { text: async () => '' })).rejects.toThrow(
      /another program listens/,
    );
    expect(await exchange({ path })).toBe('other');
  });

  test('whose file is gone is noticed', async () => {
    const path = join(testFolder(), 'm.sock');
    const { server } = await serve({ path });
    rmSync(path);
    expect(server.isReachable).toBe(false);
  });

  test('is not made through a link below a folder that others may write to', async () => {
    const folder = testFolder();
    const inside = join(folder, 'inside');
    const target = join(folder, 'target');
    mkdirSync(inside);
    mkdirSync(target);
    chmodSync(inside, 0o777);
    symlinkSync(target, join(inside, 'link'));
    await expect(
      MetricsServer.open({ path: join(inside, 'link/m.sock') }, { text: async () => '' }),
    ).rejects.toThrow(/symbolic link/);
    expect(readdirSync(target)).toEqual([]);
  });
});
