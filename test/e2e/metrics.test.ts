import { existsSync, readdirSync, statSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  alertsOf,
  configure,
  endBy,
  PROGRAM,
  readFile,
  startDetector,
  writeFile,
} from '../support/detector.ts';
import { createLab, type Lab } from '../support/lab.ts';
import { order } from '../support/orders.ts';

/** The metrics of the built program: what they count, where they are, and that nobody is blocked for reading them. */

const FOLDER = '/etc/portsentry/textfile';
const FILE = `${FOLDER}/portsentry.prom`;
const ADDRESS = '127.0.0.1:9771';
const METHOD = 'SENSOR="kernel"\nBLOCK_METHOD="nftables"\nKILL_ROUTE=""';

let lab: Lab;
beforeEach(async () => {
  lab = await createLab({ name: 'metrics' });
});
afterEach(() => lab.close());

/** The values of the series in a text; those of histograms have their own names. */
function seriesIn(text: string): Record<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

const scrape = async (where = ADDRESS, host = lab.victim): Promise<string> =>
  (await lab.run(host, ['curl', '--silent', '--max-time', '50', `http://${where}/metrics`])).stdout;

const HOLDER = `
const net = require('node:net');
const [port] = process.argv.slice(1);
net.createServer().listen(Number(port), '127.0.0.1', () => console.log('there'));
`;

test('what a scan does is counted, and the file, HTTP and the command say the same', async () => {
  configure(lab.victim, `${METHOD}\nMETRICS_FILE="${FILE}"\nMETRICS_LISTEN="${ADDRESS}"`);
  writeFile(lab.victim, `${FOLDER}/other.prom`, 'other 1\n');
  const detector = await startDetector(lab, lab.victim);
  const before = seriesIn(await scrape());
  expect(before).toMatchObject({ portsentry_sensor_up: 1, 'portsentry_blocks_total{method="nftables"}': 0 });

  await lab.run(lab.scanner, ['nmap', '-n', '-Pn', '-sS', '-p', '3000-3002', lab.wire.to.ipv4]);
  await detector.waitForLine(/^attackalert: Host 10\.99\.0\.1 has been blocked/);
  await order(lab, 'block', '2001:db8::/64');
  await order(lab, 'unblock', '2001:db8::/64');
  const text = await lab.waitFor(async () => {
    const read = await scrape();
    return seriesIn(read)['portsentry_unblocks_total{cause="unblocked"}'] === 1 && read;
  });
  const series = seriesIn(text);
  expect(series).toMatchObject({
    'portsentry_blocks_total{method="nftables"}': 2,
    'portsentry_blocked_targets{family="ipv4"}': 1,
    'portsentry_blocked_targets{family="ipv6"}': 0,
    portsentry_blocks_due: 1,
    portsentry_block_duration_seconds_count: 1,
    portsentry_reports_lost_total: 0,
  });
  expect(series['portsentry_probes_total{kind="syn",mode="atcp"}']).toBeGreaterThanOrEqual(1);
  expect(series.portsentry_block_duration_seconds_sum).toBeGreaterThan(0);
  expect(Object.keys(series)).toEqual(Object.keys(before));
  expect(text).not.toMatch(/10\.99|2001:db8/);
  expect(Object.keys(seriesIn((await order(lab, 'metrics')).stdout))).toEqual(Object.keys(before));

  const path = lab.victim.path(FILE);
  await lab.waitFor(() => existsSync(path));
  expect(Object.keys(seriesIn(readFile(lab.victim, FILE)))).toEqual(Object.keys(before));
  expect((statSync(path).mode & 0o777).toString(8)).toBe('644');
  const health = JSON.parse((await order(lab, 'doctor', '--json')).stdout).checks as {
    name: string;
    result: string;
  }[];
  expect(health.filter(({ name }) => name === 'metrics').map(({ result }) => result)).toEqual(['ok', 'ok']);
  // The daemon holds the address, and that is no trouble.
  expect((await order(lab, 'check')).stdout).not.toMatch(/METRICS_LISTEN: .*cannot be bound/);

  await endBy(lab, detector);
  expect(readdirSync(lab.victim.path(FOLDER))).toEqual(['other.prom']);
});

test('a reload takes over another file and another address at once, and the old ones go', async () => {
  configure(lab.victim, `${METHOD}\nMETRICS_FILE="${FILE}"\nMETRICS_LISTEN="${ADDRESS}"`);
  writeFile(lab.victim, `${FOLDER}/other.prom`, 'other 1\n');
  const detector = await startDetector(lab, lab.victim);
  await lab.waitFor(() => existsSync(lab.victim.path(FILE)));
  const socket = '/etc/portsentry/metrics.sock';
  configure(lab.victim, `${METHOD}\nMETRICS_FILE="${FOLDER}/second.prom"\nMETRICS_LISTEN="${socket}"`);
  detector.signal('SIGHUP');
  await detector.waitForLine(/read again/);
  await lab.waitFor(() => existsSync(lab.victim.path(`${FOLDER}/second.prom`)));
  expect(readdirSync(lab.victim.path(FOLDER)).sort()).toEqual(['other.prom', 'second.prom']);
  expect(await scrape()).toBe('');
  const { stdout } = await lab.run(lab.victim, [
    ...['curl', '--silent', '--unix-socket', socket, 'http://portsentry/metrics'],
  ]);
  expect(seriesIn(stdout)).toHaveProperty('portsentry_sensor_up', 1);
  configure(lab.victim, METHOD);
  detector.signal('SIGHUP');
  await lab.waitFor(() => !existsSync(lab.victim.path(socket)));
  expect(readdirSync(lab.victim.path(FOLDER))).toEqual(['other.prom']);
});

test('after a kill by force the file stays, and the next start takes over file and socket', async () => {
  const socket = '/etc/portsentry/metrics.sock';
  configure(lab.victim, `${METHOD}\nMETRICS_FILE="${FILE}"\nMETRICS_LISTEN="${socket}"`);
  writeFile(lab.victim, `${FOLDER}/other.prom`, 'other 1\n');
  const killed = await startDetector(lab, lab.victim);
  await lab.waitFor(() => existsSync(lab.victim.path(FILE)));
  killed.signal('SIGKILL');
  await killed.ended;
  expect(existsSync(lab.victim.path(FILE))).toBe(true);
  expect(existsSync(lab.victim.path(socket))).toBe(true);
  const detector = await startDetector(lab, lab.victim);
  const ask = ['curl', '--silent', '--unix-socket', socket, 'http://portsentry/metrics'];
  expect((await lab.run(lab.victim, ask)).stdout).toContain('portsentry_sensor_up 1\n');
  await endBy(lab, detector);
  expect(existsSync(lab.victim.path(socket))).toBe(false);
});

test('a missing folder and a port of others keep nobody from starting; log, check and doctor say so', async () => {
  const holder = await lab.start(lab.victim, [process.execPath, '-e', HOLDER, '9771']);
  await holder.waitForLine(/there/);
  configure(lab.victim, `${METHOD}\nMETRICS_FILE="${FILE}"\nMETRICS_LISTEN="${ADDRESS}"`);
  const checked = (await order(lab, 'check')).stdout;
  expect(checked).toMatch(/warning: METRICS_FILE: expected the folder \S+textfile to exist, found none/);
  expect(checked).toMatch(
    /warning: METRICS_LISTEN: 127\.0\.0\.1:9771 cannot be bound: another program listens there/,
  );
  const detector = await startDetector(lab, lab.victim);
  await detector.waitForLine(/METRICS_FILE cannot be written, and is tried again: .*no such folder/);
  await detector.waitForLine(
    /Metrics are not served on 127\.0\.0\.1:9771, which is tried again: another program/,
  );
  const health = JSON.parse((await order(lab, 'doctor', '--json')).stdout).checks as {
    name: string;
    result: string;
  }[];
  expect(health.filter(({ name }) => name === 'metrics').map(({ result }) => result)).toEqual([
    'fail',
    'fail',
  ]);
  writeFile(lab.victim, `${FOLDER}/other.prom`, 'other 1\n');
  holder.signal('SIGTERM');
  await holder.ended;
  detector.signal('SIGHUP');
  await detector.waitForLine(/Metrics are served again on 127\.0\.0\.1:9771/);
  await detector.waitForLine(/METRICS_FILE is written again/);
  expect(seriesIn(await scrape())).toHaveProperty('portsentry_sensor_up', 1);
});

test.each([
  ['the kernel sensor', METHOD, []],
  [
    'the packet sensor, which also watches ports in use',
    `KNOWN_SERVICES="0"\n${METHOD.replace('kernel', 'packet')}`,
    ['-S'],
  ],
])('a Prometheus that scrapes a socket of systemd is no scanner: %s', async (_what, config, options) => {
  configure(lab.victim, config);
  const socket = `${lab.wire.to.ipv4}:9771`;
  const program = [process.execPath, PROGRAM, '-atcp', '-audp', '-l', 'stdout', ...options];
  const detector = await lab.start(lab.victim, ['systemd-socket-activate', '--listen', socket, ...program]);
  // The first connection starts the program, and waits in the socket until it is served.
  await lab.waitFor(async () => (await lab.run(lab.victim, ['ss', '-Hltn'])).stdout.includes(':9771'));
  for (let count = 0; count < 3; count++) expect(await scrape(socket, lab.scanner)).toContain('sensor_up');
  await detector.waitForLine(/active and listening/);
  // A text is a second old at most.
  await lab.waitFor(async () => (await scrape(socket, lab.scanner)).includes('sensor_up 1\n'));
  expect(alertsOf(detector)).toEqual([]);
  // A source that probes the port beside it is one all the same.
  await lab.run(lab.scanner, ['nmap', '-n', '-Pn', '-sS', '-p', '9772', lab.wire.to.ipv4]);
  await detector.waitForLine(/^attackalert: Host 10\.99\.0\.1 has been blocked/);
});

test('a dry run beside the daemon leaves its file and its address alone', async () => {
  configure(lab.victim, `BLOCK_METHOD="nftables"\nMETRICS_FILE="${FILE}"\nMETRICS_LISTEN="${ADDRESS}"`);
  writeFile(lab.victim, `${FOLDER}/other.prom`, 'other 1\n');
  await startDetector(lab, lab.victim);
  await lab.waitFor(() => existsSync(lab.victim.path(FILE)));
  const dry = await startDetector(lab, lab.victim, ['--dry-run', '-atcp', '-audp']);
  await dry.waitForLine(/METRICS_FILE is not written in a dry run/);
  await endBy(lab, dry);
  expect(existsSync(lab.victim.path(FILE))).toBe(true);
  expect(await scrape()).toContain('portsentry_sensor_up 1\n');
});
