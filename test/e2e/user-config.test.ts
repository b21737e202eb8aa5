import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  alertsOf,
  CONFIG_FILE,
  dropsOf,
  nmap,
  readFile,
  startDetector,
  USER_CONFIG,
  writeFile,
} from '../support/detector.ts';
import { createLab, type Lab } from '../support/lab.ts';

/** The user's own configuration, unchanged, on a live host: it must block, and write its log. */

let lab: Lab;
beforeEach(async () => {
  lab = await createLab({ name: 'user' }, { extraAddresses: 1 });
});
afterEach(() => lab.close());

test.each([
  { modes: ['-atcp', '-audp'], ports: '100-120', first: /:1\d\d$/ },
  { modes: ['-stcp', '-sudp'], ports: '70,111,143', first: /:(70|111|143)$/ },
])('$modes: the scanner is shut out, others are not', async ({ modes, ports, first }) => {
  const { victim, scanner } = lab;
  const { from, to } = lab.wire;
  writeFile(victim, CONFIG_FILE, readFileSync(USER_CONFIG, 'utf8'));
  const service = await lab.start(victim, [
    process.execPath,
    '-e',
    'require("node:net").createServer((s) => s.end("served")).listen(22, () => console.log("ready"))',
  ]);
  await service.waitForLine(/ready/);
  const detector = await startDetector(lab, victim, modes);

  await nmap(lab, ['-sS', '-p', ports, to.ipv4]);
  await detector.waitForLine(/^attackalert: External command run for host: 10\.99\.0\.1 using command: /);

  expect(await dropsOf(lab, victim)).toEqual([`-A INPUT -s ${from.ipv4}/32 -j DROP`]);
  const blockLog = readFile(victim, '/var/log/portsentry.block.log').trimEnd().split('\n');
  expect(blockLog).toHaveLength(1);
  expect(blockLog[0]).toMatch(first);
  expect(blockLog[0]).toMatch(/^10\.99\.0\.1:\d+$/);
  expect(alertsOf(detector)[0]).toMatch(
    /^attackalert: TCP SYN\/Normal scan from host: 10\.99\.0\.1\/10\.99\.0\.1 to TCP port: \d+$/,
  );
  const mode = modes[0]?.slice(1);
  await lab.waitFor(() => readFile(victim, `/etc/portsentry/portsentry.blocked.${mode}`) !== '');
  expect(readFile(victim, `/etc/portsentry/portsentry.blocked.${mode}`)).toMatch(
    /^\d+ - \d\d\/\d\d\/\d{4} \d\d:\d\d:\d\d Host: 10\.99\.0\.1\/10\.99\.0\.1 Port: \d+ TCP Blocked\n$/,
  );
  const fetch = (source: string, timeout: string) =>
    lab.run(scanner, ['python3', '-c', CONNECT, source, to.ipv4, timeout]);
  expect((await fetch(from.extraIpv4[0] as string, '30')).stdout.trim()).toBe('served');
  expect((await fetch(from.ipv4, '1.5')).stdout.trim()).toBe('TimeoutError');
});

/** Connects from an address of the scanner, and prints what the service says or what went wrong. */
const CONNECT = `
import socket, sys
try:
    s = socket.create_connection((sys.argv[2], 22), timeout=float(sys.argv[3]), source_address=(sys.argv[1], 0))
    print(s.recv(100).decode())
except Exception as error:
    print(type(error).__name__)
`;
