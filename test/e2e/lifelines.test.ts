import { resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeFile } from '../support/detector.ts';
import { createLab, type Lab } from '../support/lab.ts';
import { startService } from '../support/services.ts';

/** The addresses that must never be blocked by mistake, as this kernel's tables have them. */

let lab: Lab;
beforeEach(async () => {
  lab = await createLab({ name: 'lifelines' });
});
afterEach(() => lab.close());

const LOOK = `
  const { lookupLifelines } = await import(${JSON.stringify(resolve('dist/watch/lifelines.js'))});
  const textOf = (found) => String(found.address ?? found);
  const texts = Object.entries(lookupLifelines()).map(([name, list]) => [name, list.map(textOf).sort()]);
  console.log(JSON.stringify(Object.fromEntries(texts)));`;

async function look(): Promise<Record<'gateways' | 'resolvers' | 'sshPeers', string[]>> {
  const { stdout } = await lab.run(lab.victim, [process.execPath, '--input-type=module', '-e', LOOK]);
  return JSON.parse(stdout);
}

async function ip(...commands: string[]): Promise<void> {
  for (const command of commands) {
    const { code, stderr } = await lab.run(lab.victim, ['ip', ...command.split(' ')]);
    expect([code, stderr], command).toEqual([0, '']);
  }
}

test('gateways: of both families, link-local, of each metric, of several at once and of other tables', async () => {
  expect((await look()).gateways).toEqual([]);
  await ip(
    'route add default via 10.99.0.1',
    'route add default via 10.99.0.3 metric 100',
    'route add 198.51.100.0/24 via 10.99.0.4',
    'route add unreachable default metric 900',
    '-6 route add default via fe80::1 dev eth0',
    '-6 route add default metric 2000 nexthop via fe80::2 dev eth0 nexthop via fd99:0::3 dev eth0',
    '-6 route add default via fe80::4 dev eth0 table 100',
    '-6 route add 2001:db8::/32 via fe80::5 dev eth0',
  );
  expect((await look()).gateways).toEqual(
    ['10.99.0.1', '10.99.0.3', 'fe80::1', 'fe80::2', 'fd99::3', 'fe80::4'].sort(),
  );
  await ip('route del default via 10.99.0.1', '-6 route del default via fe80::1 dev eth0');
  expect((await look()).gateways).toEqual(['10.99.0.3', 'fe80::2', 'fd99::3', 'fe80::4'].sort());
});

test('SSH peers: of both families, at port 22 and where sshd_config says, while they are connected', async () => {
  writeFile(lab.victim, '/etc/ssh/sshd_config', 'Include /etc/ssh/sshd_config.d/*.conf\n');
  writeFile(lab.victim, '/etc/ssh/sshd_config.d/port.conf', 'ListenAddress 10.99.0.2:2022\n');
  for (const port of [22, 2022, 80]) await startService(lab, lab.victim, 'tcp-echo', port);
  const call = async (address: string, port: number) => {
    const script = `exec 3<>/dev/tcp/${address}/${port}; echo hello >&3; head -1 <&3; read -r _`;
    const client = await lab.start(lab.scanner, ['bash', '-c', script]);
    await client.waitForLine(/^hello/);
    return client;
  };
  await call('10.99.0.2', 80);
  expect((await look()).sshPeers).toEqual([]);
  const first = await call('10.99.0.2', 2022);
  await call('fd99:0::2', 22);
  expect((await look()).sshPeers).toEqual(['10.99.0.1', 'fd99::1']);
  first.signal('SIGKILL');
  await lab.waitFor(async () => (await look()).sshPeers.length === 1);
  expect((await look()).sshPeers).toEqual(['fd99::1']);
});

test('resolvers: those in resolv.conf, and those behind systemd-resolved', async () => {
  writeFile(lab.victim, '/etc/resolv.conf', 'nameserver 10.99.0.1\nnameserver fe80::1%eth0\n');
  expect((await look()).resolvers).toEqual(['10.99.0.1', 'fe80::1']);
  writeFile(lab.victim, '/etc/resolv.conf', 'nameserver 127.0.0.53\n');
  writeFile(lab.victim, '/run/systemd/resolve/resolv.conf', 'nameserver 192.0.2.53\n');
  expect((await look()).resolvers).toEqual(['127.0.0.53', '192.0.2.53']);
});
