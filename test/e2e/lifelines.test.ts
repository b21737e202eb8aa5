import { resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeFile } from '../support/detector.ts';
import { createLab, type Lab } from '../support/lab.ts';
import type { LabProcess } from '../support/lab-process.ts';
import { startService } from '../support/services.ts';
import { logIn, ssh, startSshd } from '../support/ssh.ts';

/** The addresses that must never be blocked by mistake, as this kernel and these programs show them. */

let lab: Lab;
beforeEach(async () => {
  lab = await createLab({ name: 'lifelines' }, { extraAddresses: 4 });
});
afterEach(() => lab.close());

const LOOK = `
  const { HostLookup } = await import(${JSON.stringify(resolve('dist/respond/host-lookup.js'))});
  const lookup = new HostLookup({ now: () => performance.now() });
  const textOf = ({ address, peer, by, port }) => [address ?? peer, by ?? port].filter((part) => part).join(' ');
  const texts = Object.entries(await lookup.look({ about: null, asksTimeDaemons: true })).map(([name, list]) => [name, list.map(textOf).sort()]);
  console.log(JSON.stringify({ ...Object.fromEntries(texts), trouble: lookup.routeTrouble }));
  await lookup.close();`;

type Found = Record<'gateways' | 'resolvers' | 'sessions' | 'opened', string[]> & { trouble: string | null };

async function look(...wrapper: string[]): Promise<Found> {
  const command = [...wrapper, process.execPath, '--input-type=module', '-e', LOOK];
  const { stdout, stderr } = await lab.run(lab.victim, command);
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
}

async function ip(...commands: string[]): Promise<void> {
  for (const command of commands) {
    const { code, stderr } = await lab.run(lab.victim, ['ip', ...command.split(' ')]);
    expect([code, stderr], command).toEqual([0, '']);
  }
}

test('gateways: of both families, link-local, of each metric, of several at once, of other tables and networks', async () => {
  expect(await look()).toMatchObject({ gateways: [], trouble: null });
  await ip(
    'route add default via 10.99.0.1',
    'route add default metric 100 nexthop via 10.99.0.3 dev eth0 nexthop via 10.99.0.5 dev eth0',
    'route add default via 10.99.0.6 table 100',
    'route add 198.51.100.0/24 via 10.99.0.4',
    'route add 203.0.113.0/24 via inet6 fd99:0::7 dev eth0',
    'route add unreachable default metric 900',
    'nexthop add id 5 via 10.99.0.8 dev eth0',
    'route add 192.0.2.0/24 nhid 5',
    '-6 route add default via fe80::1 dev eth0',
    '-6 route add default metric 2000 nexthop via fe80::2 dev eth0 nexthop via fd99:0::3 dev eth0',
    '-6 route add default via fe80::4 dev eth0 table 100',
    '-6 route add 2001:db8::/32 via fe80::5 dev eth0',
  );
  const ipv4 = ['10.99.0.1', '10.99.0.3', '10.99.0.4', '10.99.0.5', '10.99.0.6', '10.99.0.8'];
  const ipv6 = ['fe80::1', 'fe80::2', 'fd99::3', 'fe80::4', 'fe80::5', 'fd99::7'];
  expect((await look()).gateways).toEqual([...ipv4, ...ipv6].sort());
  await ip('route del default via 10.99.0.1', '-6 route del default via fe80::1 dev eth0');
  expect((await look()).gateways).not.toContain('10.99.0.1');
});

describe('sessions over SSH', () => {
  const [SILENT, HALF, FORWARDS, STRANGER] = [
    '10.99.0.11',
    '10.99.0.12',
    '10.99.0.13',
    '10.99.0.14',
  ] as const;

  /** A connection that says nothing. */
  async function connect(from: string, port: number): Promise<LabProcess> {
    const script = `import socket, sys
s = socket.create_connection(('${lab.wire.to.ipv4}', ${port}), source_address=('${from}', 0))
print('connected', flush=True)
sys.stdin.read()`;
    const client = await lab.start(lab.scanner, ['python3', '-c', script]);
    await client.waitForLine(/^connected/);
    return client;
  }

  test.each(['yes', 'no'])('of OpenSSH, with UsePAM %s', async (usePam) => {
    const sshd = await startSshd(lab, 2222, `UsePAM ${usePam}\nGatewayPorts yes\nLogLevel DEBUG1\n`);
    await connect(SILENT, 2222);
    // A client that waits for a password: the name is known then, and a helper may run.
    const asking = ssh(lab, 2222, HALF, 'alice', 'true');
    const env = { SSH_ASKPASS: '/etc/wait', SSH_ASKPASS_REQUIRE: 'force' };
    writeFile(lab.scanner, '/etc/wait', '#!/bin/sh\nsleep 1000\n');
    await lab.run(lab.scanner, ['chmod', '+x', '/etc/wait']);
    await lab.start(lab.scanner, [asking[0] as string, '-o', 'PubkeyAuthentication=no', ...asking.slice(1)], {
      env,
    });
    await sshd.waitForLine(/userauth-request for user alice .*method (keyboard-interactive|password|none)/);
    expect((await look()).sessions).toEqual([]);

    const root = await logIn(lab, 2222, lab.wire.from.ipv4, 'root');
    expect((await look()).sessions).toEqual(['10.99.0.1 sshd']);
    root.signal('SIGKILL');
    await lab.waitFor(async () => (await look()).sessions.length === 0);

    // Only a port is forwarded: no shell, and others may connect to it.
    await startService(lab, lab.scanner, 'tcp-echo', 7000);
    for (const user of ['root', 'alice'] as const) {
      const forward = ssh(lab, 2222, FORWARDS, user, '');
      const port = user === 'root' ? 3001 : 3002;
      await lab.start(lab.scanner, [...forward.slice(0, -1), '-N', '-R', `${port}:127.0.0.1:7000`]);
      await sshd.waitForLine(new RegExp(`Local forwarding listening on 0\\.0\\.0\\.0 port ${port}`));
      await connect(STRANGER, port);
      expect((await look()).sessions, user).toEqual([`${FORWARDS} sshd`]);
    }
  });

  test('are none of a server that is not SSH, whatever its port', async () => {
    await startService(lab, lab.victim, 'tcp-echo', 22);
    await connect(SILENT, 22);
    expect((await look()).sessions).toEqual([]);
  });

  test('are known from logind where the processes of sshd are hidden, as under the systemd unit', async () => {
    await startSshd(lab, 2222);
    await logIn(lab, 2222, FORWARDS);
    const unprivileged = ['setpriv', '--bounding-set', '-sys_ptrace', '--inh-caps', '-sys_ptrace'];
    expect((await look(...unprivileged)).sessions).toEqual([]);
    const { stdout } = await lab.run(lab.victim, ['pgrep', '-f', '^sshd: root@']);
    const session = `STATE=active\nREMOTE=1\nREMOTE_HOST=${FORWARDS}\nLEADER=${stdout.trim()}\n`;
    writeFile(lab.victim, '/run/systemd/sessions/1', session);
    expect((await look(...unprivileged)).sessions).toEqual([`${FORWARDS} logind`]);
  });
});

test('connections that this host opened, and not those that it accepted', async () => {
  await startService(lab, lab.scanner, 'tcp-echo', 5432);
  await startService(lab, lab.victim, 'tcp-echo', 80);
  for (const [host, address, port] of [
    [lab.victim, lab.wire.from.ipv4, 5432],
    [lab.scanner, lab.wire.to.ipv4, 80],
  ] as const) {
    const client = await lab.start(host, [
      'bash',
      '-c',
      `exec 3<>/dev/tcp/${address}/${port}; echo up; read -r _`,
    ]);
    await client.waitForLine(/^up/);
  }
  expect((await look()).opened).toEqual(['10.99.0.1 5432']);
});

test('resolvers: those in resolv.conf, and those behind a resolver on this host', async () => {
  writeFile(lab.victim, '/etc/resolv.conf', 'nameserver 10.99.0.1\nnameserver fe80::1%eth0\n');
  expect((await look()).resolvers).toEqual(['10.99.0.1', 'fe80::1']);
  writeFile(lab.victim, '/etc/resolv.conf', 'nameserver 127.0.0.53\n');
  writeFile(lab.victim, '/run/systemd/resolve/resolv.conf', 'nameserver 192.0.2.53\n');
  expect((await look()).resolvers).toEqual(['127.0.0.53', '192.0.2.53']);
});
