import { afterAll, beforeAll, expect, test } from 'vitest';
import { inTree, plantTree, TREE } from '../support/debian-tree.ts';
import { alertsOf, configure, startDetector, writeFile } from '../support/detector.ts';
import { heldBy, sensorCount } from '../support/held.ts';
import { createLab, type Lab } from '../support/lab.ts';
import type { LabProcess } from '../support/lab-process.ts';
import { comeFrom } from '../support/matrix.ts';

/** Honest load on services as Debian has them: 1,000 connections and 1,000 questions a second for twenty seconds. */

const PER_SECOND = 1_000;
const SECONDS = 20;
const COUNT = PER_SECOND * SECONDS;

let lab: Lab;
let detector: LabProcess;

beforeAll(async () => {
  lab = await createLab({ name: 'services' });
  await plantTree(lab, lab.victim, ['iproute2', 'nginx-light', 'dnsmasq-base']);
  writeFile(lab.victim, `${TREE}/srv/index.html`, 'served\n');
  writeFile(lab.victim, `${TREE}/etc/nginx/nginx.conf`, NGINX);
  await lab.start(lab.victim, inTree('nginx'));
  const dns = ['dnsmasq', '--no-daemon', '--user=root', '--no-resolv', '--no-hosts'];
  await lab.start(lab.victim, inTree(...dns, '--address=/example.org/192.0.2.1'));
  await lab.waitFor(async () => {
    const { stdout } = await lab.run(lab.victim, ['ss', '-Hltun']);
    return [/^udp.*:53 /m, /^tcp.*:80 /m].every((row) => row.test(stdout));
  });
  configure(lab.victim, 'SENSOR="kernel"\nBLOCK_METHOD="nftables"');
  detector = await startDetector(lab, lab.victim);
});
afterAll(() => lab.close());

const NGINX = `
daemon off;
worker_processes 2;
events { worker_connections 4096; }
http { access_log off; server { listen 80; listen [::]:80; root /srv; } }
`;

test.each([
  ['nginx, each connection for one page', 'fetch', 80],
  ['dnsmasq, each question from a port of its own', 'ask', 53],
])(`${PER_SECOND} a second: %s`, async (_what, how, port) => {
  const command = [process.execPath, '-e', CLIENT, how, lab.wire.to.ipv4, `${port}`, `${COUNT}`];
  const client = await lab.start(lab.scanner, [...command, `${PER_SECOND}`]);
  const { stdout, stderr } = await client.ended;
  console.log(`${how}: ${stdout.trim()}`);
  expect(stderr).toBe('');
  const answered = Number(/^(\d+) of/.exec(stdout)?.[1]);
  // A datagram may be lost on a busy machine; a connection is not.
  if (how === 'fetch') expect(answered).toBe(COUNT);
  else expect(answered).toBeGreaterThan(0);
  expect(alertsOf(detector)).toEqual([]);
  expect(await heldBy(lab, lab.victim)).toEqual([]);
  expect(await sensorCount(lab, lab.victim, 'probes')).toBe(0);
});

test('and a scanner is blocked at its first probe', async () => {
  await comeFrom(lab, '10.99.0.66', 'fd99::66');
  await lab.run(lab.scanner, ['nmap', '-n', '-Pn', '-sS', '-p', '3000', lab.wire.to.ipv4]);
  await detector.waitForLine(/^attackalert: Host 10\.99\.0\.66 has been blocked/);
});

/** Begins `perSecond` exchanges a second, whether or not the earlier ones have ended, and says how many were answered. */
const CLIENT = `
const [how, host, port, count, perSecond] = process.argv.slice(1);
const total = Number(count);
const begunMs = performance.now();
let started = 0, ended = 0, answered = 0;
const end = (isAnswered) => {
  ended++;
  if (isAnswered) answered++;
  if (ended === total)
    console.log(answered + ' of ' + total + ' answered in ' + ((performance.now() - begunMs) / 1000).toFixed(1) + ' s');
};
function fetch() {
  let text = '';
  const socket = require('net').connect(Number(port), host);
  socket.setEncoding('latin1').on('data', (part) => { text += part; });
  socket.on('error', (error) => console.error(error.message)).on('close', () => end(text.endsWith('served\\n')));
  socket.end('GET / HTTP/1.0\\r\\n\\r\\n');
}
const question = Buffer.from('123401000001000000000000076578616d706c65036f72670000010001', 'hex');
function ask() {
  const socket = require('dgram').createSocket('udp4');
  const done = (isAnswered) => { clearTimeout(timer); socket.close(); end(isAnswered); };
  const timer = setTimeout(done, 10_000, false);
  socket.once('message', () => done(true)).send(question, Number(port), host);
}
const begin = how === 'fetch' ? fetch : ask;
const timer = setInterval(() => {
  const due = Math.min(total, ((performance.now() - begunMs) / 1000) * Number(perSecond));
  for (; started < due; started++) begin();
  if (started === total) clearInterval(timer);
}, 5);
`;
