import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { BannerConnections } from '../../src/listen/banner-connections.ts';
import { stopClock } from '../support/stop-clock.ts';

const CAPACITY = 3;
const BANNER = Buffer.from('** UNAUTHORIZED ACCESS PROHIBITED **');

let server: Server;
let connections: BannerConnections;
let banner: Buffer;
let clients: Socket[];
beforeEach(async () => {
  connections = new BannerConnections(CAPACITY);
  banner = BANNER;
  clients = [];
  server = createServer((socket) => connections.receive(socket, banner)).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  for (const client of clients) client.destroy();
  connections.close();
  server.close();
});

/** Connects, and does not close its side by itself. */
function openClient(): Socket {
  const { port } = server.address() as { port: number };
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  client.on('error', () => {});
  clients.push(client);
  return client;
}

async function received(client: Socket): Promise<string> {
  let text = '';
  client.on('data', (octets) => {
    text += octets;
  });
  await once(client, 'end');
  return text;
}

test('a client gets exactly the banner, and the end', async () => {
  expect(await received(openClient())).toBe(String(BANNER));
});

test('a client that has sent something gets the banner, too', async () => {
  const client = openClient();
  client.write('GET / HTTP/1.0\r\n\r\n');
  expect(await received(client)).toBe(String(BANNER));
});

test('without a banner the connection is closed at once', async () => {
  banner = Buffer.alloc(0);
  expect(await received(openClient())).toBe('');
  expect(connections.size).toBe(0);
});

test('a connection that its client never closes ends after a second', async () => {
  stopClock();
  const client = openClient();
  const [socket] = await once(server, 'connection');
  await received(client);
  vi.advanceTimersByTime(999);
  expect([connections.size, socket.destroyed]).toEqual([1, false]);
  vi.advanceTimersByTime(1);
  await once(socket, 'close');
  expect(connections.size).toBe(0);
});

test('above the limit a connection is closed without a banner, and the others are served', async () => {
  const texts = await Promise.all([1, 2, 3, 4, 5].map(() => received(openClient())));
  expect(texts.filter((text) => text === String(BANNER))).toHaveLength(CAPACITY);
  expect(texts.filter((text) => text === '')).toHaveLength(2);
  expect(connections.size).toBe(CAPACITY);
});

test('a client that sends too much is disconnected before its time is up', async () => {
  stopClock();
  const client = openClient();
  client.resume();
  const [socket] = await once(server, 'connection');
  client.write(Buffer.alloc(64 * 1024));
  await once(socket, 'close');
  expect(connections.size).toBe(0);
});
