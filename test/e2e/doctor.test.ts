import { resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLab, type Lab } from '../support/lab.ts';

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
