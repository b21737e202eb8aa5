import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Guests } from '../../src/listen/guests.ts';
import { stopClock } from '../support/stop-clock.ts';

const MOST = 3;
const BANNER = Buffer.from('** UNAUTHORIZED ACCESS PROHIBITED **');

let server: Server;
let guests: Guests;
let banner: Buffer;
let clients: Socket[];
beforeEach(async () => {
  guests = new Guests(MOST);
  banner = BANNER;
  clients = [];
  server = createServer((socket) => guests.receive(socket, banner)).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  for (const client of clients) client.destroy();
  guests.close();
  server.close();
});

/** Connects and, unless it is told to, never closes its own side. */
function visit(): Socket {
  const { port } = server.address() as { port: number };
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  client.on('error', () => {});
  clients.push(client);
  return client;
}

async function heard(client: Socket): Promise<string> {
  let text = '';
  client.on('data', (octets) => {
    text += octets;
  });
  await once(client, 'end');
  return text;
}

test('a visitor gets the banner to the octet, and the end', async () => {
  expect(await heard(visit())).toBe(String(BANNER));
});

test('what it has sent does not cost it the banner', async () => {
  const client = visit();
  client.write('GET / HTTP/1.0\r\n\r\n');
  expect(await heard(client)).toBe(String(BANNER));
});

test('without a banner the connection is closed at once', async () => {
  banner = Buffer.alloc(0);
  expect(await heard(visit())).toBe('');
  expect(guests.size).toBe(0);
});

test('a client that never closes is cut off after a second', async () => {
  stopClock();
  const client = visit();
  const [socket] = await once(server, 'connection');
  await heard(client);
  vi.advanceTimersByTime(999);
  expect([guests.size, socket.destroyed]).toEqual([1, false]);
  vi.advanceTimersByTime(1);
  await once(socket, 'close');
  expect(guests.size).toBe(0);
});

test('above the most the connection is closed with no word, and the others are served', async () => {
  const texts = await Promise.all([1, 2, 3, 4, 5].map(() => heard(visit())));
  expect(texts.filter((text) => text === String(BANNER))).toHaveLength(MOST);
  expect(texts.filter((text) => text === '')).toHaveLength(2);
  expect(guests.size).toBe(MOST);
});

test('a client that sends without end is cut off before its time is up', async () => {
  stopClock();
  const client = visit();
  client.resume();
  const [socket] = await once(server, 'connection');
  client.write(Buffer.alloc(64 * 1024));
  await once(socket, 'close');
  expect(guests.size).toBe(0);
});
