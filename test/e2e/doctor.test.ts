import { resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { configure, PROGRAM, startDetector } from '../support/detector.ts';
import { createLab, type Lab } from '../support/lab.ts';
import { withNft } from '../support/nft-wrappers.ts';
import { startService } from '../support/services.ts';

/** The veth pair over which the doctor probes: its probes arrive, and nothing of it is left. */

const VETH = resolve('dist/cli/doctor/veth.js');

/** Opens a pair, sends a probe of each transport to sockets here, prints their sources, and closes when it is told. */
const TRIAL = `
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { openVeth } from '${VETH}';
const veth = await openVeth().catch((error) => {
  console.log(error.message);
  process.exit(1);
});
const server = createServer().listen(4000, '0.0.0.0');
const datagrams = createSocket('udp4').bind(4000, '0.0.0.0');
// Ask at once: the prober may be gone a moment later.
const caller = new Promise((resolve) => server.once('connection', (socket) => resolve(socket.remoteAddress)));
const arrivals = Promise.all([caller, once(datagrams, 'message')]);
await Promise.all([once(server, 'listening'), once(datagrams, 'listening')]);
for (const transport of ['tcp', 'udp']) veth.send({ transport, port: 4000 });
const [tcp, [, sender]] = await arrivals;
console.log(JSON.stringify({ veth, tcp, udp: sender.address }));
await once(process.stdin, 'data');
await veth.retire();
console.log('retired');
await once(process.stdin, 'data');
await veth.close();
console.log('closed');
process.exit(0);
`;

let lab: Lab;
beforeEach(async () => {
  lab = await createLab({ name: 'doctor' });
});
afterEach(() => lab.close());

const start = () => lab.start(lab.victim, [process.execPath, '--input-type=module', '-e', TRIAL]);

const links = async () => {
  const { stdout } = await lab.run(lab.victim, ['ip', '-brief', 'address']);
  return stdout.split('\n').filter((line) => line.startsWith('psd'));
};

const probers = async () => (await lab.run(lab.victim, ['pgrep', '--full', 'prober[.]js'])).stdout;

test('a probe comes over a veth pair from an address that no host has', async () => {
  const trial = await start();
  const told = JSON.parse(await trial.waitForLine(/^\{/));
  const { source, device } = told.veth;
  expect(source).toMatch(/^198\.1[89]\./);
  expect(told).toMatchObject({ tcp: source, udp: source });
  expect(await links()).toEqual([
    expect.stringMatching(new RegExp(`^${device}@\\S+ +UP +198\\.1[89]\\.\\S+/31 *$`)),
  ]);

  trial.write('retire\n');
  await trial.waitForLine(/^retired$/);
  expect(await links(), 'no address is left').toEqual([expect.not.stringContaining('/')]);

  trial.write('close\n');
  await trial.waitForLine(/^closed$/);
  expect(await links()).toEqual([]);
  expect((await trial.ended).code).toBe(0);
  expect(await probers()).toBe('');
});

test.each(['SIGKILL', 'SIGINT'] as const)('%s: nothing is left', async (signal) => {
  const trial = await start();
  await trial.waitForLine(/^\{/);
  expect(await links()).toHaveLength(1);
  trial.signal(signal);
  await trial.ended;
  await lab.waitFor(async () => (await links()).length === 0 && (await probers()) === '');
});

describe('where there can be no pair, one line says so and nothing is left', () => {
  test.each([
    ['no namespace may be made', '-sys_admin', /^unshare: .*Operation not permitted$/],
    ['no link may be made', '-net_admin', /^RTNETLINK answers: Operation not permitted|^ip: .*not permitted/],
  ])('%s', async (_what, capability, message) => {
    const drop = ['setpriv', `--bounding-set=${capability}`, `--inh-caps=${capability}`];
    const command = [...drop, process.execPath, '--input-type=module', '-e', TRIAL];
    const { code, stdout } = await lab.run(lab.victim, command);
    expect(stdout.trimEnd()).toMatch(message);
    expect(code).toBe(1);
    expect(await links()).toEqual([]);
    expect(await probers()).toBe('');
  });
});

describe('with the kernel sensor', () => {
  const doctor = async () => {
    const { code, stdout } = await lab.run(lab.victim, [process.execPath, PROGRAM, 'doctor']);
    return { code, stdout };
  };

  test('an idle port gives the probe no answer, the daemon sees it, a service is reachable, and nothing is left', async () => {
    configure(lab.victim, 'SENSOR="kernel"\nBLOCK_METHOD="nftables"');
    await startService(lab, lab.victim, 'tcp-echo', 8_080);
    const detector = await startDetector(lab, lab.victim);
    const { code, stdout } = await doctor();
    expect(stdout).toMatch(
      /^ok {4}sensor +kernel: its table is loaded and owned; NFLOG group 20563 is read/m,
    );
    expect(stdout).toMatch(/^ok {4}service +TCP port 8080 takes connections over a veth pair$/m);
    expect(stdout).toMatch(/^ok {4}filter +a probe over a veth pair was seen after \d+ ms$/m);
    expect(stdout).toMatch(/^ok {4}silence +TCP port \d+ gave the probe no answer$/m);
    expect(code).toBe(0);
    expect(await links()).toEqual([]);
    const status = await lab.run(lab.victim, [process.execPath, PROGRAM, 'status', '--json']);
    const { sensor, knownServices, blocks, interfaces } = JSON.parse(status.stdout);
    expect(sensor).toMatchObject({ name: 'kernel', kernel: { held: 0, shed: 0, lost: 0, isRead: true } });
    expect(knownServices).toMatchObject([{ transport: 'tcp', address: null, port: 8_080 }]);
    expect({ blocks, interfaces }).toEqual({ blocks: { inForce: 0, due: 0 }, interfaces: ['eth0'] });
    expect(detector.output).toMatch(/Host: 198\.1[89]\..* is never blocked: trial probe of doctor/);
  });

  test('a table without effect is found', async () => {
    configure(lab.victim, 'SENSOR="kernel"\nBLOCK_METHOD="nftables"');
    const env = withNft(lab.victim, 'knows no owners');
    const detector = await lab.start(lab.victim, [process.execPath, PROGRAM, '-atcp', '-audp'], { env });
    await detector.waitForLine(/now active and listening/);
    await lab.run(lab.victim, ['nft', 'flush', 'table', 'inet', 'portsentry_sensor']);
    const { code, stdout } = await doctor();
    expect(stdout).toMatch(
      /^FAIL {2}filter +a probe to TCP port \d+ over a veth pair was not seen within 3 s/m,
    );
    expect(code).toBe(69);
  });

  test('a configuration that only logs answers, and is not blamed for it', async () => {
    configure(lab.victim, 'SENSOR="kernel"\nBLOCK_TCP="0"\nBLOCK_UDP="0"');
    await startDetector(lab, lab.victim);
    const { code, stdout } = await doctor();
    expect(stdout).toMatch(/^skip {2}silence +TCP port \d+ may answer: the configuration only logs/m);
    expect(code).toBe(0);
  });
});
