import { getEventListeners } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import type { RedisParts } from '../../../src/share/redis/engine.ts';
import { Authority } from '../../support/certificates.ts';
import { eventually } from '../../support/eventually.ts';
import { folder, LIMITS, NOW, never, reportOn, secretFile } from '../crowdsec/given.ts';

// The built one: its thread is a file of its own.
const MODULE = pathToFileURL(resolve('dist/share/redis/engine.js')).href;
const { RedisEngine } = (await import(MODULE)) as typeof import('../../../src/share/redis/engine.ts');

const KEY = 'k'.repeat(32);

/** A server on loopback that says this to each connection; it ends with the test. Resolves to its address. */
async function serve(answer: (socket: Socket, request: string) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (piece) => answer(socket, piece.toString('latin1')));
  });
  server.listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return `redis://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}

function engineAt(url: string, more: Partial<RedisParts> = {}) {
  const engine = new RedisEngine({
    url,
    user: null,
    stream: 'portsentry',
    files: { password: null, apiKey: null, cert: null, certKey: null, ca: null },
    keyFile: secretFile(KEY),
    pushes: true,
    pulls: true,
    host: 'one',
    wallNow: () => NOW,
    ...more,
  });
  onTestFinished(() => engine.close());
  return engine;
}

test.each([
  ['an error', '-NOPERM this user has no permissions\r\n', /^NOPERM this user has no permissions$/, 'undone'],
  ['a number', ':7\r\n', /no list of entries/, 'undone'],
  [
    'another form of entries',
    '*1\r\n*2\r\n$1\r\np\r\n*1\r\n*2\r\n:1\r\n*0\r\n',
    /no list of entries/,
    'undone',
  ],
  ['what is no RESP', 'HTTP/1.1 400 Bad Request\r\n\r\n', /./, 'unknown'],
  ['an array in an array, a million times', '*1\r\n'.repeat(1_000_000), /./, 'unknown'],
  ['a text of half a gigabyte', `$536870912\r\n${'x'.repeat(10_000_000)}`, /longer than 8 MiB/, 'unknown'],
  ['an array of a thousand million', `*1000000000\r\n${'$1\r\nx\r\n'.repeat(2_000_000)}`, /./, 'unknown'],
  ['an error without an end', `-${'x'.repeat(10_000_000)}`, /longer than 8 MiB/, 'unknown'],
  ['an error with control characters', '-ERR \u001b[31mred\r\n', /^ERR \[31mred$/, 'undone'],
  ['an error with a full stop', '-OOM command not allowed.\r\n', /^OOM command not allowed$/, 'undone'],
])(
  '%s in place of entries is refused, and the next question is asked anew',
  async (_what, text, message, outcome) => {
    let asked = 0;
    const url = await serve((socket) => {
      asked++;
      if (asked === 1) socket.write(text);
      else socket.write('*-1\r\n');
    });
    const engine = engineAt(url);
    await expect(engine.pull(true, LIMITS, never())).rejects.toMatchObject({
      name: 'Error',
      message: expect.stringMatching(message),
      outcome,
    });
    await expect(engine.pull(true, LIMITS, never())).resolves.toMatchObject({ decisions: [] });
  },
);

test('answers that nobody asked for end the thread of the client, and not the program', async () => {
  const url = await serve((socket) => socket.write('*-1\r\n$-1\r\n$-1\r\n$-1\r\n'));
  const engine = engineAt(url);
  // The first answer may still be taken; then the client throws where nobody can catch it.
  await engine.pull(true, LIMITS, never()).catch(() => undefined);
  await expect(
    engine.pull(true, LIMITS, never()).catch((error: Error) => error.message),
  ).resolves.toBeDefined();
});

test('requests at the same time share a connection, and many failures leave none', async () => {
  const open = new Set<Socket>();
  let made = 0;
  const url = await serve((socket, request) => {
    if (!open.has(socket)) made++;
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    if (request.includes('unblock')) socket.destroy();
    else
      for (const [command] of request.matchAll(/xread|xadd/g))
        socket.write(command === 'xread' ? '*-1\r\n' : '-ERR The ID must be greater than 0-0\r\n');
  });
  const engine = engineAt(url);
  const end = new AbortController();
  const both = () => Promise.all([engine.beat(end.signal), engine.pull(true, LIMITS, end.signal)]);
  await both();
  await both();
  expect(made).toBe(1);
  // This server ends a connection that takes back something.
  for (let failures = 0; failures < 200; failures++)
    await expect(engine.takeBack('192.0.2.1', NOW, end.signal)).rejects.toThrow();
  await both();
  await eventually(() => expect(open.size).toBe(1));
  expect(getEventListeners(end.signal, 'abort')).toEqual([]);
});

test('a server that does not know how to log in repeats the password, which no message shows', async () => {
  const url = await serve((socket) =>
    socket.write("-ERR unknown command 'auth', with args beginning with: 'user' 'secret-password' \r\n"),
  );
  const files = {
    password: secretFile('secret-password'),
    apiKey: null,
    cert: null,
    certKey: null,
    ca: null,
  };
  await expect(engineAt(url, { user: 'user', files }).pull(true, LIMITS, never())).rejects.toMatchObject({
    message: "ERR unknown command 'auth'",
  });
});

test('endless entries are read to a bound', async () => {
  let answers = 0;
  const url = await serve((socket) => {
    answers++;
    const entries = Array.from(
      { length: 1_000 },
      (_, i) => `*2\r\n$${`${answers}-${i}`.length}\r\n${answers}-${i}\r\n*0\r\n`,
    );
    socket.write(`*1\r\n*2\r\n$1\r\np\r\n*1000\r\n${entries.join('')}`);
  });
  const { decisions, leftOut } = await engineAt(url).pull(true, LIMITS, never());
  expect(answers).toBe(200);
  expect(decisions).toEqual([]);
  expect(leftOut).toEqual([{ count: 200_000, first: 'entry 1-0', why: expect.stringMatching(/not signed/) }]);
});

test('a server that says nothing is left when somebody ends the question', async () => {
  const url = await serve(() => undefined);
  const end = new AbortController();
  const asked = engineAt(url).pull(true, LIMITS, end.signal);
  end.abort();
  await expect(asked).rejects.toMatchObject({ message: 'it was ended', outcome: 'unknown' });
});

test('a server that is not there is told of', async () => {
  const url = await serve(() => undefined);
  const engine = engineAt(url.replace(/\d+$/, '1'));
  await expect(engine.push([reportOn('192.0.2.1')], never())).rejects.toMatchObject({
    message: expect.stringMatching(/ECONNREFUSED/),
    outcome: 'undone',
  });
});

test('a push whose connection breaks may have arrived', async () => {
  const url = await serve((socket, request) => {
    if (request.includes('xadd')) socket.destroy();
  });
  await expect(engineAt(url).push([reportOn('192.0.2.1')], never())).rejects.toMatchObject({
    outcome: 'unknown',
  });
});

test('a push of which the server took a part may have arrived', async () => {
  const url = await serve((socket) => socket.write('$3\r\n1-0\r\n-OOM command not allowed\r\n'));
  await expect(
    engineAt(url).push([reportOn('192.0.2.1'), reportOn('192.0.2.2')], never()),
  ).rejects.toMatchObject({ message: 'OOM command not allowed', outcome: 'unknown' });
});

test('a report whose time is over is not sent', async () => {
  const url = await serve(() => undefined);
  const over = reportOn('192.0.2.1', { until: NOW });
  await expect(engineAt(url).push([over], never())).resolves.toEqual([[]]);
});

test.each([
  ['a short key', () => secretFile('secret'), /expected 32 characters and more, found 6: openssl rand/],
  ['no key', () => '/nonexistent/key', /there is no such file/],
])('with %s nothing is said or believed', async (_what, keyFile, message) => {
  const engine = engineAt('redis://127.0.0.1:1', { keyFile: keyFile() });
  for (const asked of [engine.push([reportOn('192.0.2.1')], never()), engine.pull(true, LIMITS, never())])
    await expect(asked).rejects.toMatchObject({ message: expect.stringMatching(message), outcome: 'undone' });
  expect(await engine.test(never())).toEqual([
    { isGood: false, text: expect.stringMatching(message) },
    { isGood: false, text: expect.stringMatching(message) },
  ]);
});

test('an authority that is no certificate is told of', async () => {
  const place = folder();
  new Authority(place);
  const files = { password: null, apiKey: null, cert: null, certKey: null, ca: secretFile('none') };
  const engine = engineAt('rediss://127.0.0.1:1', { files });
  await expect(engine.pull(true, LIMITS, never())).rejects.toMatchObject({ outcome: 'undone' });
});
