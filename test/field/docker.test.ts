import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { countAnswers } from '../support/answers.ts';
import { inTree, plantTree, TREE } from '../support/debian-tree.ts';
import { alertsOf, configure, startDetector } from '../support/detector.ts';
import { ACK, ethernet, FIN, tcpPacket } from '../support/frames.ts';
import { elementsOf, heldBy } from '../support/held.ts';
import { createLab, type Lab } from '../support/lab.ts';
import type { Host } from '../support/lab-host.ts';
import type { LabProcess } from '../support/lab-process.ts';
import { comeFrom } from '../support/matrix.ts';
import { ABORTS, SENDS } from '../support/resets.ts';
import { sendFrames } from '../support/services.ts';
import { AS_IT_SHOULD, startServices, TCP_SERVICE, Trials, UDP_SERVICE } from '../support/trial.ts';

/** The kernel sensor beside Debian's docker, with its own rules and a container that it runs. */

const PACKAGES = ['iproute2', 'nftables', 'iptables', 'procps', 'docker.io', 'busybox-static'];

/** The container's address, and the bridge's of this host. */
const CONTAINER = '172.17.0.2';
const BRIDGE = '172.17.0.1';

let lab: Lab;
let docker: LabProcess;
let detector: LabProcess;
let trials: Trials;

beforeAll(async () => {
  lab = await createLab({ name: 'docker' });
  await plantTree(lab, lab.victim, PACKAGES);
  await done(lab.victim, ['sh', '-ec', PREPARE]);
  await countAnswers(lab, [TCP_SERVICE, UDP_SERVICE]);
  await startServices(lab);
  trials = new Trials(lab);
  configure(lab.victim, 'SENSOR="kernel"\nBLOCK_METHOD="nftables"');
});
afterAll(async () => {
  // The groups of processes are the machine's, and outlast the lab.
  await lab.run(lab.victim, ['find', GROUPS, '-depth', '-type', 'd', '-delete']);
  await lab.close();
});

/** Where docker puts its groups of processes. */
const PARENT = `/portsentry-lab-${process.pid}`;
const GROUPS = `${TREE}/sys/fs/cgroup${PARENT}`;

/** What a container's process needs of a host: a root that is a mount, groups of processes, folders that are no overlays. */
const PREPARE = `
  mount --bind ${TREE} ${TREE}
  for name in proc sys dev; do mount --rbind /$name ${TREE}/$name; done
  mount -t cgroup2 cgroup2 ${TREE}/sys/fs/cgroup
  mkdir -p ${TREE}/var/lib/docker ${TREE}/image/bin
  for folder in run var/lib/docker; do mount -t tmpfs tmpfs ${TREE}/$folder; done
  cp ${TREE}/bin/busybox ${TREE}/image/bin/`;

async function done(host: Host, command: readonly string[], output: string | RegExp = ''): Promise<string> {
  const { code, stdout, stderr } = await lab.run(host, command);
  expect(code, `${command.join(' ')}: ${stdout}${stderr}`).toBe(0);
  expect(stdout).toMatch(output);
  return stdout.trim();
}

const inDebian = (...command: string[]) => done(lab.victim, inTree(...command));

async function startDocker(...options: string[]): Promise<void> {
  const command = inTree(
    'unshare',
    '--cgroup',
    'dockerd',
    '--storage-driver=vfs',
    `--cgroup-parent=${PARENT}`,
  );
  docker = await lab.start(lab.victim, [...command, ...options]);
  await docker.waitForLine(/API listen on/);
  await inDebian('sh', '-ec', 'tar -C /image -c . | docker import - box');
}

/** Starts a container with a published port of each protocol, and its services. */
async function startContainer(): Promise<void> {
  const ports = ['-p', '8080:80', '-p', '5300:53/udp'];
  await inDebian(
    ...['docker', 'run', '--pull', 'never', '-d', '--name', 'web'],
    ...[...ports, 'box', '/bin/busybox', 'sleep', '100000'],
  );
  for (const [name, port] of [
    ['http', '80'],
    ['dns', '53'],
  ] as const) {
    const command = [process.execPath, resolve(`test/support/services/${name}.mjs`), port];
    const service = await lab.start(lab.victim, await inContainer(...command));
    await service.waitForLine(/^listening/);
  }
}

/** The command line that runs a program of this host in the container's network. */
async function inContainer(...command: readonly string[]): Promise<string[]> {
  const pid = await inDebian('docker', 'inspect', '-f', '{{.State.Pid}}', 'web');
  return ['nsenter', '--target', pid, '--net', ...command];
}

const fetches = (url: string) => ['curl', '-sg', '-m30', url];
const SERVED = 'Nothing to see here';

/** Nobody was accused or held but those who probed. */
async function nobodyElseAccused(): Promise<void> {
  expect(alertsOf(detector)).toEqual([]);
  expect(await heldBy(lab, lab.victim)).toEqual([]);
}

describe.each([
  ['with its proxy', '10.99.0.201', []],
  ['without it', '10.99.0.202', ['--userland-proxy=false']],
])('docker %s', (_name, client, options) => {
  beforeAll(async () => {
    // The last scanner's address is blocked.
    await comeFrom(lab, client, 'fd99::201');
    detector = await startDetector(lab, lab.victim);
    await startDocker(...options);
    await startContainer();
    console.log((await inDebian('iptables-save', '-t', 'nat')).replaceAll(/^#.*\n/gm, ''));
    await lab.waitFor(async () => (await elementsOf(lab, lab.victim, 'quiet')).includes('docker0'));
  });
  afterAll(async () => {
    await inDebian('docker', 'rm', '-f', 'web');
    await docker.stop();
    await detector.stop();
  });

  test('ports that it publishes are served to all, and nobody is accused', async () => {
    const target = lab.wire.to.ipv4;
    for (const from of [fetches, async (url: string) => inContainer(...fetches(url))]) {
      for (const url of [`http://${target}:8080/`, `http://${BRIDGE}:8080/`])
        await done(lab.victim, await from(url), SERVED);
    }
    await done(lab.scanner, fetches(`http://${target}:8080/`), SERVED);
    await done(lab.scanner, ['dig', '+short', '-p', '5300', `@${target}`, 'example.org'], target);
    await done(lab.victim, ['dig', '+short', '-p', '5300', `@${BRIDGE}`, 'example.org']);
    await nobodyElseAccused();
  });

  test('a connection of the container is reset while data still comes', async () => {
    const server = await lab.start(lab.scanner, ['python3', '-c', SENDS, `${ENDLESS}`]);
    await server.waitForLine(/^listening/);
    await done(lab.victim, ['sysctl', '-qw', 'net.netfilter.nf_conntrack_tcp_timeout_close=0']);
    const ports = [4_011, 4_012, 4_013, 4_014, 4_015];
    await done(
      lab.victim,
      await inContainer('python3', '-c', ABORTS, client, `${ENDLESS}`, ...ports.map(String)),
    );
    const packets = ports.flatMap((destinationPort) => {
      const ends = { source: client, sourcePort: ENDLESS, destination: lab.wire.to.ipv4, destinationPort };
      return [
        tcpPacket({ ...ends, flags: ACK, payload: new Uint8Array(1_000) }),
        tcpPacket({ ...ends, flags: FIN | ACK }),
      ];
    });
    await sendFrames(
      lab,
      lab.scanner,
      packets.map((packet) => ethernet(packet, { destination: lab.wire.to.mac })),
    );
    await server.stop();
    await nobodyElseAccused();
  });

  test('closed ports that the container asks of its host are refused and logged, and it is not held', async () => {
    for (const port of [6_001, 6_002, 6_003])
      await done(lab.victim, await inContainer('python3', '-c', REFUSED, BRIDGE, `${port}`));
    await detector.waitForLine(
      new RegExp(
        `^adminalert: Host: ${CONTAINER}/${CONTAINER} is never blocked: behind a bridge of this host$`,
      ),
    );
    expect(alertsOf(detector)).toHaveLength(3);
    expect(await heldBy(lab, lab.victim)).toEqual([]);
    await done(lab.victim, await inContainer(...fetches(`http://${BRIDGE}/`)), SERVED);
  });

  test('a scanner gets no answer from idle ports, nor from a published port later', async () => {
    expect(await trials.run(detector)).toEqual(AS_IT_SHOULD);
    const published = ['nc', '-z', '-w', '1', lab.wire.to.ipv4, '8080'];
    expect((await lab.run(lab.scanner, published)).code).not.toBe(0);
  });

  test('a restart of docker leaves the table of the sensor', async () => {
    await docker.stop();
    await startDocker(...options);
    expect(await heldBy(lab, lab.victim)).toBeInstanceOf(Array);
    expect(detector.output).not.toMatch(/was gone/);
  });
});

/** The port of a server that sends without end. */
const ENDLESS = 9_000;

const REFUSED = `
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=30)
    raise Exception('served')
except ConnectionRefusedError:
    pass
`;
