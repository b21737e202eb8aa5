import { resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Why } from '../../src/control/status.ts';
import { ownRelease, Release } from '../support/debian-archive.ts';
import { inTree, plantTree, TREE } from '../support/debian-tree.ts';
import { writeFile } from '../support/detector.ts';
import { createLab, type Lab } from '../support/lab.ts';
import type { Host } from '../support/lab-host.ts';
import type { LabProcess } from '../support/lab-process.ts';

/** Time servers and sessions of administrators, as the programs of Debian have them, are found and spared. */

const PACKAGES = [
  'iproute2',
  'procps',
  'libpcap0.8',
  'libstdc++6',
  'chrony',
  'systemd',
  'dbus',
  'python3',
  'mosh',
  'inetutils-telnetd',
  'dropbear-bin',
  'openssh-client',
];
/** Only one time daemon can be installed, so the files of the others are unpacked beside it. */
const BESIDE = ['ntpsec', 'python3-ntp', 'systemd-timesyncd'];

/** The project, in each tree. */
const PROJECT = '/run/project';

let lab: Lab;
let started: LabProcess[] = [];

beforeAll(async () => {
  lab = await createLab({ name: 'lifelines' }, { extraAddresses: 20 });
  const release = new Release(ownRelease());
  const files = BESIDE.map((name) => release.file(name));
  for (const host of [lab.victim, lab.scanner]) {
    await plantTree(lab, host, PACKAGES);
    const script = `
      mkdir -p ${TREE}${PROJECT} && mount --bind "$0" ${TREE}${PROJECT}
      for file; do
        dpkg-deb --fsys-tarfile "$file" | tar --extract --keep-directory-symlink --directory ${TREE}
      done`;
    await must(host, ['sh', '-ec', script, resolve('.'), ...files]);
  }
  writeFile(lab.victim, `${TREE}/etc/portsentry/portsentry.conf`, 'BLOCK_METHOD="null"\n');
  await start(lab.victim, ['node', `${PROJECT}/dist/main.js`, '-atcp'], /is now active and listening/);
  started = [];
});
afterAll(() => lab.close());
afterEach(async () => {
  for (const program of started.splice(0)) await program.stop();
});

async function must(host: Host, command: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await lab.run(host, command);
  if (code !== 0) throw new Error(`${command.join(' ')}: ${stdout}${stderr}`);
  return stdout;
}

/** Starts a program in the tree of a host; it ends with the test. */
async function start(host: Host, command: readonly string[], line: RegExp): Promise<LabProcess> {
  const program = await lab.start(host, inTree(...command));
  started.push(program);
  await program.waitForLine(line);
  return program;
}

/** The rule that spares an address. */
async function ruleOf(address: string): Promise<string | null> {
  const text = await must(lab.victim, inTree('node', `${PROJECT}/dist/main.js`, 'why', '--json', address));
  return (JSON.parse(text) as Why).rule;
}

/** Waits until the address is spared, and returns the rule. */
const sparedBy = (address: string) => lab.waitFor(() => ruleOf(address));

describe('a time server that this host asks', () => {
  test('by chronyd', async () => {
    const server = '10.99.0.50';
    expect(await ruleOf(server)).toBeNull();
    writeFile(lab.victim, `${TREE}/etc/chrony/lab.conf`, `server ${server}\n`);
    await start(lab.victim, ['chronyd', '-d', '-x', '-f', '/etc/chrony/lab.conf'], /chronyd version/);
    expect(await sparedBy(server)).toContain('chronyc');
  });

  test('by ntpd of ntpsec', async () => {
    const server = '10.99.0.51';
    expect(await ruleOf(server)).toBeNull();
    writeFile(
      lab.victim,
      `${TREE}/etc/ntpsec/lab.conf`,
      `disable ntp\nserver ${server}\nrestrict 127.0.0.1\nrestrict ::1\n`,
    );
    const ntpd = ['ntpd', '-n', '-N', '-c', '/etc/ntpsec/lab.conf', '-p', '/run/ntpd.pid'];
    await start(lab.victim, ntpd, /ntpd/);
    expect(await sparedBy(server)).toContain('ntpq');
  });

  test('by systemd-timesyncd', async () => {
    const server = '10.99.0.52';
    expect(await ruleOf(server)).toBeNull();
    writeFile(lab.victim, `${TREE}/etc/systemd/timesyncd.conf`, `[Time]\nNTP=${server}\n`);
    writeFile(lab.victim, `${TREE}/run/dbus/.keep`, '');
    // As systemd does for its unit.
    const prepare = `
      useradd --system --no-create-home systemd-timesync
      install -d -o systemd-timesync /run/systemd/timesync`;
    await must(lab.victim, inTree('sh', '-ec', prepare));
    await start(lab.victim, ['dbus-daemon', '--system', '--nofork', '--print-address'], /unix:/);
    await start(lab.victim, ['env', 'SYSTEMD_LOG_LEVEL=debug', '/lib/systemd/systemd-timesyncd'], /./);
    expect(await sparedBy(server)).toContain('systemd-timesyncd');
  });
});

describe('the session of an administrator', () => {
  beforeEach(async () => {
    writeFile(lab.victim, `${TREE}/run/utmp`, '');
    await must(
      lab.victim,
      inTree('sh', '-ec', 'chgrp utmp /run/utmp; chmod 664 /run/utmp; rm -f /var/run/utmp.lock'),
    );
  });

  test('by telnetd and login', async () => {
    const admin = '10.99.0.11';
    expect(await ruleOf(admin)).toBeNull();
    await must(
      lab.victim,
      inTree('sh', '-ec', 'id alice || useradd --create-home alice; passwd --delete alice'),
    );
    const telnet = ['python3', `${PROJECT}/test/support/services/telnet.py`];
    await start(lab.victim, [...telnet, '23'], /listening/);
    await start(lab.scanner, [...telnet, admin, lab.wire.to.ipv4, 'alice'], /^logged in as alice/);
    expect(await sparedBy(admin)).toContain('utmp');
  });

  test('by dropbear, and not before it has logged in', async () => {
    const admin = '10.99.0.12';
    await must(lab.victim, inTree('sh', '-ec', 'mkdir -p /etc/dropbear /root/.ssh'));
    const key = `${TREE}/root/lab_key`;
    await must(lab.scanner, ['sh', '-ec', `test -e ${key} || ssh-keygen -q -t ed25519 -N '' -f ${key}`]);
    const publicKey = await must(lab.scanner, ['cat', `${key}.pub`]);
    writeFile(lab.victim, `${TREE}/root/.ssh/authorized_keys`, publicKey);
    await start(lab.victim, ['dropbear', '-F', '-E', '-R', '-p', '2200'], /Not backgrounding/);
    const held = await start(
      lab.scanner,
      ['python3', '-c', HOLD, admin, lab.wire.to.ipv4, '2200'],
      /^SSH-2\.0-dropbear/,
    );
    expect(await ruleOf(admin)).toBeNull();
    await held.stop();
    const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null'].flatMap((one) => [
      '-o',
      one,
    ]);
    const ssh = ['ssh', '-F', 'none', ...options, '-i', '/root/lab_key', '-b', admin, '-p', '2200'];
    await start(
      lab.scanner,
      [...ssh, `root@${lab.wire.to.ipv4}`, 'echo logged in; sleep 1000'],
      /^logged in/,
    );
    expect(await sparedBy(admin)).toContain('dropbear');
  });

  test('by mosh-server, and not before its client has come', async () => {
    const admin = '10.99.0.13';
    const server = ['mosh-server', 'new', '-i', lab.wire.to.ipv4, '-p', '60001', '--', 'sleep', '1000'];
    const { stdout } = await lab.run(lab.victim, inTree('env', 'LC_ALL=C.UTF-8', ...server));
    const key = /^MOSH CONNECT 60001 (\S+)/m.exec(stdout)?.[1];
    expect(await ruleOf(admin)).toBeNull();
    const client = `stty rows 24 columns 80; LC_ALL=C.UTF-8 TERM=xterm MOSH_KEY=${key} mosh-client ${lab.wire.to.ipv4} 60001`;
    await must(lab.scanner, ['ip', 'route', 'replace', '10.99.0.0/24', 'dev', 'eth0', 'src', admin]);
    await start(lab.scanner, ['script', '-qfc', client, '/dev/null'], /./);
    expect(await sparedBy(admin)).toContain('utmp');
  });

  test('but not one that a service has invented with the helper of libutempter', async () => {
    const accomplice = '10.99.0.14';
    const asService = ['setpriv', '--reuid=33', '--regid=33', '--clear-groups'];
    await start(lab.victim, [...asService, 'python3', '-c', INVENT, accomplice], /^recorded/);
    expect(await must(lab.victim, inTree('who', '/run/utmp'))).toContain(`www-data pts/`);
    expect(await must(lab.victim, inTree('who', '/run/utmp'))).toContain(accomplice);
    expect(await ruleOf(accomplice)).toBeNull();
  });
});

/** Records a session from an address on a terminal of its own, and stays. */
const INVENT = `
import glob, pty, subprocess, sys, time
master, _ = pty.openpty()
subprocess.run([*glob.glob('/usr/lib/*/utempter/utempter'), 'add', sys.argv[1]], stdin=master, check=True)
print('recorded', flush=True)
time.sleep(600)
`;

/** Holds a connection open. */
const HOLD = `
import socket, sys
link = socket.create_connection((sys.argv[2], int(sys.argv[3])), source_address=(sys.argv[1], 0))
while octets := link.recv(4096): print(octets.decode('latin1'), flush=True)
`;
