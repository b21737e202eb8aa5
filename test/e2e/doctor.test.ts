import { resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { HealthCheck } from '../../src/control/status.ts';
import { configure, PROGRAM, startDetector } from '../support/detector.ts';
import { createLab, type Lab } from '../support/lab.ts';
import { withNft } from '../support/nft-wrappers.ts';
import { order } from '../support/orders.ts';
import { startService, startSyslog } from '../support/services.ts';

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
    [
      'no new namespace may be made',
      '-sys_admin',
      /^unshare: CAP_SYS_ADMIN is missing: root was started without it/,
    ],
    ['no link may be made', '-net_admin', /^ip: CAP_NET_ADMIN is missing: root was started without it/],
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

describe('what doctor tries', () => {
  const DOCUMENTATION = /203\.0\.113\.\d+|2001:db8:[0-9a-f]+:[0-9a-f]+::1/;

  async function checks(name: string): Promise<string[]> {
    const { stdout } = await order(lab, 'doctor', '--json');
    const { checks: all } = JSON.parse(stdout) as { checks: HealthCheck[] };
    return all.filter((check) => check.name === name).map(({ result, message }) => `${result} ${message}`);
  }

  /** Everything of the firewall and the routes that could hold a block. */
  async function rules(): Promise<string> {
    const script =
      'nft list ruleset; ipset save; iptables-save; ip6tables-save; ip route show table all; ip -6 route show table all';
    return (await lab.run(lab.victim, ['sh', '-c', script])).stdout;
  }

  test.each(['nftables', 'ipset', 'iptables', 'route'])(
    'a block by %s, which leaves nothing',
    async (method) => {
      configure(lab.victim, `BLOCK_METHOD="${method}"`);
      const detector = await startDetector(lab, lab.victim);
      expect(await checks('trial block')).toEqual([
        expect.stringMatching(
          new RegExp(`^ok 203\\S+ and 2001:db8\\S+: put in by ${method} and taken out again$`),
        ),
      ]);
      expect(await rules()).not.toMatch(DOCUMENTATION);
      expect(JSON.stringify(JSON.parse((await order(lab, 'status', '--json')).stdout).blocks)).toContain(
        '"due":0',
      );
      // A probe of doctor and its trial are nobody's scan.
      expect(detector.lines().filter((line) => /attackalert|never blocked|198\.1[89]\./.test(line))).toEqual(
        [],
      );
    },
  );

  test('a block by KILL_ROUTE with its undo, whose programs it finds', async () => {
    const undo = 'UNKILL_ROUTE="/sbin/iptables -D INPUT -s $TARGET$ -j DROP"\n';
    configure(lab.victim, `${undo}UNKILL_ROUTE6="/sbin/ip6tables -D INPUT -s $TARGET$ -j DROP"`);
    await startDetector(lab, lab.victim);
    expect(await checks('trial block')).toEqual([
      expect.stringMatching(
        /^ok 203\S+ and 2001:db8\S+: put in by command and taken out again; only the exit status/,
      ),
    ]);
    expect(await rules()).not.toMatch(DOCUMENTATION);
    expect(await checks('command')).toEqual([
      'ok KILL_ROUTE: /sbin/iptables can be run',
      'ok KILL_ROUTE6: /sbin/ip6tables can be run',
      'ok UNKILL_ROUTE: /sbin/iptables can be run',
      'ok UNKILL_ROUTE6: /sbin/ip6tables can be run',
    ]);
  });

  // "doctor is all ok without /dev/log and without /sbin/iptables."
  test('programs that are not there, and a KILL_ROUTE that fails', async () => {
    configure(
      lab.victim,
      'KILL_ROUTE="/sbin/no-iptables $TARGET$"\nKILL_ROUTE6="/sbin/ip6tables $TARGET$"\nUNKILL_ROUTE="true $TARGET$"',
    );
    await startDetector(lab, lab.victim);
    expect((await checks('command'))[0]).toBe(
      'fail KILL_ROUTE: /sbin/no-iptables cannot be run: there is no such file',
    );
    expect(await checks('trial block')).toEqual([
      expect.stringMatching(/^fail command: 203\S+: could not be put in: exit status 127: /),
    ]);
    expect((await order(lab, 'doctor')).code).toBe(69);
  });

  test('syslog: without /dev/log it warns, with one it sends a line under another name', async () => {
    configure(lab.victim, 'BLOCK_TCP="0"\nBLOCK_UDP="0"');
    const without = await startDetector(lab, lab.victim, ['-stcp', '-l', 'stdout', '-l', 'syslog']);
    expect(await checks('log')).toEqual([
      'warn syslog takes no line: socket /dev/log: No such file or directory; lines go to standard output alone',
    ]);
    await without.stop();
    const syslog = await startSyslog(lab, lab.victim);
    await startDetector(lab, lab.victim, ['-stcp']);
    expect(await checks('log')).toEqual(['ok /dev/log took a test line (portsentry-doctor)']);
    await syslog.waitForLine(/portsentry-doctor: A test line of portsentry doctor\.$/);
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
    expect({ blocks, interfaces }).toEqual({
      blocks: { inForce: 0, due: 0, unknown: 0 },
      interfaces: ['eth0'],
    });
    // The trial is nobody's: it is not logged.
    expect(detector.output).not.toMatch(/198\.1[89]\./);
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
