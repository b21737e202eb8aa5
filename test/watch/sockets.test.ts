import dgram from 'node:dgram';
import { mkdirSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseAddress } from '../../src/net/address.ts';
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../../src/net/protocol.ts';
import { readListeners } from '../../src/watch/proc-net.ts';
import { CLOSED_MEMORY_MS, SocketTable } from '../../src/watch/sockets.ts';
import { testFolder } from '../record/given.ts';

const NOW = 1_795_354_417_000;

interface Bound {
  readonly port: number;
  close(): Promise<void>;
}

/** A real listener; `port` 0 picks a free one. */
function listen(host: string, port = 0, ipv6Only = false): Promise<Bound> {
  const server = net.createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, ipv6Only }, () => {
      const close = () => new Promise<void>((closed) => server.close(() => closed()));
      onTestFinished(() => void server.close());
      resolve({ port: (server.address() as net.AddressInfo).port, close });
    });
  });
}

/** A real datagram socket. */
function bindUdp(host: string): Promise<Bound> {
  const socket = dgram.createSocket(host.includes(':') ? 'udp6' : 'udp4');
  let open = true;
  const close = () =>
    new Promise<void>((closed) => {
      if (!open) return closed();
      open = false;
      socket.close(() => closed());
    });
  onTestFinished(close);
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(0, host, () => resolve({ port: socket.address().port, close }));
  });
}

function address(text: string) {
  const parsed = parseAddress(text);
  if (parsed === null) throw new Error(`no address: ${text}`);
  return parsed;
}

/** The addresses at which the port is in use. */
function usedAt(table: SocketTable, protocol: number, port: number, now = NOW): string[] {
  const places = ['127.0.0.1', '127.0.0.2', '10.1.2.3', '::1', 'fd00::7'];
  return places.filter((place) => table.has(protocol, address(place), port, { time: now }));
}

const EVERYWHERE = ['127.0.0.1', '127.0.0.2', '10.1.2.3', '::1', 'fd00::7'];
const V4 = ['127.0.0.1', '127.0.0.2', '10.1.2.3'];

describe.each([
  ['127.0.0.2', ['127.0.0.2']],
  ['0.0.0.0', V4],
  ['::1', ['::1']],
  // /proc does not show whether it is dual-stack.
  ['::', EVERYWHERE],
])('bound at %s', (host, places) => {
  test.each([
    ['TCP', PROTOCOL_TCP, listen],
    ['UDP', PROTOCOL_UDP, bindUdp],
  ])('a %s socket is seen there while it is open and for 60 s more', async (_name, protocol, bind) => {
    const table = new SocketTable('/proc/self/net');
    table.lookAtAll(NOW);
    const socket = await bind(host);
    table.lookAtAll(NOW + 1);
    expect(usedAt(table, protocol, socket.port, NOW + 1)).toEqual(places);
    expect(usedAt(table, 23 - protocol, socket.port, NOW + 1), 'the other protocol').toEqual([]);

    await socket.close();
    table.lookAtAll(NOW + 2);
    expect(usedAt(table, protocol, socket.port, NOW + 1 + CLOSED_MEMORY_MS)).toEqual(places);
    expect(usedAt(table, protocol, socket.port, NOW + 3 + CLOSED_MEMORY_MS)).toEqual([]);
  });
});

test('a closed datagram socket is remembered for 60 s after it was last seen', async () => {
  const table = new SocketTable('/proc/self/net');
  const socket = await bindUdp('127.0.0.1');
  table.poll(NOW);
  await socket.close();
  table.poll(NOW + 1_000);
  expect(usedAt(table, PROTOCOL_UDP, socket.port, NOW + CLOSED_MEMORY_MS)).toEqual(['127.0.0.1']);
  expect(usedAt(table, PROTOCOL_UDP, socket.port, NOW + CLOSED_MEMORY_MS + 1)).toEqual([]);
});

test('a listener counts for 60 s after its end is noticed', async () => {
  const table = new SocketTable('/proc/self/net');
  const socket = await listen('127.0.0.1');
  table.lookAtAll(NOW);
  await socket.close();
  // It may have closed a moment ago.
  table.lookAtAll(NOW + 600_000);
  expect(usedAt(table, PROTOCOL_TCP, socket.port, NOW + 600_000 + CLOSED_MEMORY_MS)).toEqual(['127.0.0.1']);
  expect(usedAt(table, PROTOCOL_TCP, socket.port, NOW + 600_001 + CLOSED_MEMORY_MS)).toEqual([]);
});

test('the counters alone always show a listener opened between two looks', async () => {
  const table = new SocketTable('/proc/self/net');
  table.lookAtAll(NOW);
  for (let round = 1; round <= 50; round++) {
    const socket = await listen('127.0.0.1');
    table.lookAtAll(NOW + round);
    expect(usedAt(table, PROTOCOL_TCP, socket.port, NOW + round), `round ${round}`).toEqual(['127.0.0.1']);
    if (round % 2 === 0) await socket.close();
    table.lookAtAll(NOW + round);
  }
});

test('a listener that replaces another shows in the order of the others, unless both were last', async () => {
  const table = new SocketTable('/proc/self/net');
  const steady: number[] = [];
  for (let count = 0; count < 30; count++) steady.push((await listen('127.0.0.1')).port);
  let passive = await listen('127.0.0.1');
  for (let round = 1; round <= 50; round++) {
    table.lookAtAll(NOW + round);
    const wasLast = isLastListener(passive.port);
    await passive.close();
    passive = await listen('127.0.0.1');
    table.lookAtAll(NOW + round);
    if (wasLast && isLastListener(passive.port)) continue;
    expect(usedAt(table, PROTOCOL_TCP, passive.port, NOW + round), `round ${round}`).toHaveLength(1);
  }
  expect(table.bound(PROTOCOL_TCP).map(({ port }) => port)).toEqual(expect.arrayContaining(steady));
});

function isLastListener(port: number): boolean {
  return readListeners('/proc/self/net/tcp').at(-1)?.port === port;
}

test('polling finds a new listener within 10 s', async () => {
  const table = new SocketTable('/proc/self/net');
  table.lookAtAll(NOW);
  const socket = await listen('127.0.0.1');
  table.poll(NOW + 9_999);
  expect(usedAt(table, PROTOCOL_TCP, socket.port, NOW + 10_000)).toEqual([]);
  table.poll(NOW + 10_000);
  expect(usedAt(table, PROTOCOL_TCP, socket.port, NOW + 10_000)).toEqual(['127.0.0.1']);
});

test('an established connection does not put its local port in use', async () => {
  const server = await listen('127.0.0.1');
  const client = net.connect(server.port, '127.0.0.1');
  onTestFinished(() => void client.destroy());
  await new Promise((resolve) => client.once('connect', resolve));
  const table = new SocketTable('/proc/self/net');
  table.lookAtAll(NOW);
  expect(usedAt(table, PROTOCOL_TCP, client.localPort as number)).toEqual([]);
  expect(usedAt(table, PROTOCOL_TCP, server.port)).toEqual(['127.0.0.1']);
});

test('a query that this host sent keeps its port in use for 60 s, though its socket is gone', () => {
  const table = new SocketTable('/proc/self/net');
  table.noteQuery(address('10.1.2.3'), 40_000, NOW);
  table.lookAtAll(NOW + 1);
  expect(usedAt(table, PROTOCOL_UDP, 40_000, NOW + CLOSED_MEMORY_MS)).toEqual(['10.1.2.3']);
  expect(usedAt(table, PROTOCOL_UDP, 40_000, NOW + CLOSED_MEMORY_MS + 1)).toEqual([]);
  expect(usedAt(table, PROTOCOL_TCP, 40_000, NOW)).toEqual([]);
});

test('without the tables nothing is in use, and nothing throws', () => {
  const table = new SocketTable('/nonexistent');
  table.lookAtAll(NOW);
  table.poll(NOW);
  expect(table.bound(PROTOCOL_TCP)).toEqual([]);
  expect(table.has(PROTOCOL_TCP, address('127.0.0.1'), 22, { time: NOW })).toBe(false);
});

test('connections are known by local port after a look at them, and for 60 s more', async () => {
  const { port, close } = await listen('127.0.0.1');
  const client = net.connect(port, '127.0.0.1');
  await new Promise((resolve) => client.once('connect', resolve));
  const segment = {
    time: NOW,
    source: address('127.0.0.9'),
    sourcePort: 1,
    destination: address('127.0.0.1'),
    destinationPort: client.localPort as number,
  };
  const table = new SocketTable('/proc/self/net');
  table.lookAtAll(NOW);
  expect(table.holds(segment)).toBe(false);
  expect(table.holds({ ...segment, destinationPort: port })).toBe(true);
  table.lookAtConnections(NOW);
  expect(table.holds(segment)).toBe(true);
  expect(table.localEnds.map((end) => end.port)).toContain(client.localPort);
  expect(table.holds({ ...segment, time: NOW + CLOSED_MEMORY_MS + 1 })).toBe(false);
  client.destroy();
  await close();
});

test('SCTP endpoints and raw sockets, as the kernel lists them', () => {
  const folder = testFolder();
  mkdirSync(join(folder, 'sctp'));
  writeFileSync(
    join(folder, 'sctp', 'eps'),
    ' ENDPT     SOCK   STY SST HBKT LPORT   UID INODE LADDRS\n' +
      'ffff0001 ffff0002 2   10  29   3868      0 11111 10.1.2.3 fd00::7 \n',
  );
  writeFileSync(
    join(folder, 'raw'),
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n' +
      '   99: 00000000:0063 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 22222 2 ffff0003 0\n',
  );
  const table = new SocketTable(folder);
  table.lookAtAll(NOW);
  expect(usedAt(table, 132, 3_868)).toEqual(['10.1.2.3', 'fd00::7']);
  expect(usedAt(table, 132, 3_869)).toEqual([]);
  expect(usedAt(table, 99, 99)).toEqual(V4);
  expect(usedAt(table, 1, 99)).toEqual([]);
});
