import { mkdirSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { arch } from 'node:os';
import { expect, onTestFinished, test } from 'vitest';
import { parsePrefix } from '../../src/net/prefix.ts';
import { HostLookup } from '../../src/respond/host-lookup.ts';
import { OF_THIS_HOST } from '../../src/watch/lifelines.ts';
import { testFolder } from './given.ts';

const ALL = { about: null, asksTimeDaemons: true } as const;
/** struct utmp of the C library; its last fields are wider on newer architectures. */
const BYTES_OF_A_RECORD = ['arm64', 'riscv64', 'loong64'].includes(arch()) ? 400 : 384;
const now = () => performance.now();

function given(paths: Partial<typeof OF_THIS_HOST> = {}): HostLookup {
  const lookup = new HostLookup({ now, paths: { ...OF_THIS_HOST, ...paths } });
  onTestFinished(() => lookup.close());
  return lookup;
}

test('each look begins after it was asked for, and those who wait share one', async () => {
  const file = `${testFolder()}/resolv.conf`;
  const lookup = given({ resolvers: { resolvConf: [file], unbound: [], dnsmasq: [] } });
  const named = async () => (await lookup.look(ALL)).resolvers.map(({ address }) => String(address));
  writeFileSync(file, 'nameserver 192.0.2.1\n');
  const first = named();
  writeFileSync(file, 'nameserver 192.0.2.2\n');
  const [one, two, three] = await Promise.all([first, lookup.look(ALL), lookup.look(ALL)]);
  expect(one).toEqual(['192.0.2.1']);
  expect(two.resolvers.map(({ address }) => String(address))).toEqual(['192.0.2.2']);
  expect(three).toBe(two);
});

test('a connection that was opened before the look is seen by it', async () => {
  const lookup = given();
  const server = net.createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as net.AddressInfo;
  const sees = async () =>
    (await lookup.look({ ...ALL, about: parsePrefix('127.0.0.1') })).opened.some((end) => end.port === port);
  expect(await sees()).toBe(false);
  const client = net.connect({ port, host: '127.0.0.1' });
  onTestFinished(() => void client.destroy());
  await new Promise((resolve) => client.once('connect', resolve));
  expect(await sees()).toBe(true);
});

test('a client of a server that is none of SSH is no session', async () => {
  const lookup = given();
  const server = net.createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as net.AddressInfo;
  const accepted = new Promise((resolve) => server.once('connection', resolve));
  const client = net.connect({ port, host: '127.0.0.1' });
  onTestFinished(() => void client.destroy());
  await accepted;
  expect((await lookup.look({ ...ALL, about: parsePrefix('127.0.0.1') })).sessions).toEqual([]);
});

test('without any of the files no address but a gateway is found, and nothing throws', async () => {
  const none = '/nonexistent';
  const lookup = given({
    proc: none,
    procNet: none,
    resolvers: { resolvConf: [none], unbound: [none], dnsmasq: [`${none}/`] },
    ssh: [none],
    utmp: none,
    logind: none,
    passwd: none,
  });
  expect(await lookup.look(ALL)).toMatchObject({ resolvers: [], sessions: [], opened: [] });
  await lookup.close();
  // As where there is no ip(8): then /proc names the gateways.
  expect(await lookup.look(ALL)).toMatchObject({ gateways: [] });
  expect(lookup.routeTrouble).toBe('portsentry is ending');
});

test('a session of logind counts while its first process lives', async () => {
  const logind = `${testFolder()}/sessions`;
  mkdirSync(logind);
  const write = (leader: number) =>
    writeFileSync(`${logind}/1`, `STATE=active\nREMOTE=1\nREMOTE_HOST=192.0.2.9\nLEADER=${leader}\n`);
  const lookup = given({ logind });
  const sessions = async () =>
    (await lookup.look(ALL)).sessions.filter(({ by }) => by === 'logind').map(String);
  write(process.pid);
  expect(await sessions()).toHaveLength(1);
  // No process has a number above the largest one (kernel.pid_max).
  write(4_194_305);
  expect(await sessions()).toEqual([]);
});

test('a record of utmp by a service, whose account nobody can log in to, is no session', async () => {
  const folder = testFolder();
  const write = (user: string) => {
    const record = Buffer.alloc(BYTES_OF_A_RECORD);
    record.writeInt16LE(7, 0);
    record.writeInt32LE(process.pid, 4);
    record.write(user, 44);
    record.write('192.0.2.9', 76);
    writeFileSync(`${folder}/utmp`, record);
  };
  writeFileSync(
    `${folder}/passwd`,
    'www-data:x:33:33::/var/www:/usr/sbin/nologin\nalice:x:1000:1000::/:/bin/sh\n',
  );
  const lookup = given({ utmp: `${folder}/utmp`, passwd: `${folder}/passwd` });
  const sessions = async () => (await lookup.look(ALL)).sessions.filter(({ by }) => by === 'utmp').length;
  write('alice');
  expect(await sessions()).toBe(1);
  write('www-data');
  expect(await sessions()).toBe(0);
});
