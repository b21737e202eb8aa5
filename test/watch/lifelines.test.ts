import net from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { lookupLifelines } from '../../src/watch/lifelines.ts';
import { folderOf } from './given.ts';

/** A real server on `host` and a client from `from`; resolves with the server's port. */
async function connect(host: string, from: string): Promise<{ port: number; hangUp(): Promise<void> }> {
  const server = net.createServer().listen(0, host);
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as net.AddressInfo;
  const accepted = new Promise<net.Socket>((resolve) => server.once('connection', resolve));
  const client = net.connect({ port, host: from, localAddress: from });
  onTestFinished(() => void client.destroy());
  const there = await accepted;
  const gone = new Promise<void>((resolve) => there.resume().once('close', () => resolve()));
  const hangUp = () => {
    client.end();
    return gone;
  };
  return { port, hangUp };
}

function sshPeers(sshdConfig: string): string[] {
  return look(sshdConfig).sshPeers.map(String);
}

function look(sshdConfig: string, procNet = '/proc/self/net') {
  const folder = folderOf({
    'ssh/sshd_config': sshdConfig,
    'resolv.conf': 'nameserver 127.0.0.53\n',
    upstream: 'nameserver 192.0.2.53\n',
  });
  return lookupLifelines({
    procNet,
    resolvConf: `${folder}/resolv.conf`,
    upstreamResolvConf: [`${folder}/upstream`],
    ssh: [`${folder}/ssh`],
  });
}

describe('an SSH peer', () => {
  test.each([
    ['IPv4', '127.0.0.1', '127.0.0.1'],
    ['IPv6', '::1', '::1'],
    ['IPv4 at a socket of both families', '::', '127.0.0.1'],
  ])('over %s is found while it is connected', async (_name, host, from) => {
    const { port, hangUp } = await connect(host, from);
    expect(sshPeers(`Port ${port}\n`)).toEqual([from]);
    expect(sshPeers('Port 1\n'), 'another port').toEqual([]);
    await hangUp();
    expect(sshPeers(`Port ${port}\n`)).toEqual([]);
  });

  test('with several connections is named once', async () => {
    const first = await connect('127.0.0.1', '127.0.0.1');
    const second = await connect('127.0.0.1', '127.0.0.1');
    expect(sshPeers(`Port ${first.port}\nPort ${second.port}\n`)).toEqual(['127.0.0.1']);
  });

  test('is none before it connects', async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as net.AddressInfo;
    expect(sshPeers(`Port ${port}\n`)).toEqual([]);
  });
});

test('at most 4,096 SSH peers are found', () => {
  const row = (index: number) =>
    `${String(index).padStart(4)}: 0100007F:0016 ${(0x0a000000 + index).toString(16).toUpperCase().padStart(8, '0')}:8000 01 `;
  const table = (first: number) =>
    Array.from({ length: 3_000 }, (_, index) => `${row(first + index)}\n`).join('');
  const folder = folderOf({ tcp: `  sl  local_address\n${table(0)}`, tcp6: table(3_000) });
  expect(look('', folder).sshPeers).toHaveLength(4_096);
});

test('resolvers are found, also those behind a stub', () => {
  expect(look('').resolvers.map(({ address }) => String(address))).toEqual(['127.0.0.53', '192.0.2.53']);
});

test('without any of the files no address is found, and nothing throws', () => {
  const nowhere = {
    procNet: '/nonexistent',
    resolvConf: '/nonexistent',
    upstreamResolvConf: ['/nonexistent'],
    ssh: ['/nonexistent'],
  };
  expect(lookupLifelines(nowhere)).toEqual({ gateways: [], resolvers: [], sshPeers: [] });
});

test("this host's lifelines can be read", () => {
  const { gateways, resolvers, sshPeers } = lookupLifelines();
  const found = [...gateways, ...resolvers].map(({ address }) => address);
  for (const address of [...found, ...sshPeers]) expect(String(address)).toMatch(/^[\da-f.:]+$/);
});
