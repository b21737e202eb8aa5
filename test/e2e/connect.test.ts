import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseAddress } from '../../src/net/address.ts';
import {
  alertsOf,
  captureOf,
  configure,
  dropsOf,
  endBy,
  nmap,
  PROGRAM,
  PROMPT_STARTS,
  readFile,
  startDetector,
  statOf,
  statusOf,
} from '../support/detector.ts';
import { createLab, type Lab } from '../support/lab.ts';
import type { LabProcess } from '../support/lab-process.ts';
import { startService } from '../support/services.ts';

/** The connect modes: the detector's own sockets, a banner, and the same engine behind them. */

const BANNER = '** UNAUTHORIZED ACCESS PROHIBITED *** YOUR CONNECTION ATTEMPT HAS BEEN LOGGED. GO AWAY.';
const ONLY_LOG = 'BLOCK_TCP="0"\nBLOCK_UDP="0"';
const HOLD = fileURLToPath(new URL('../support/services/hold.py', import.meta.url));

let lab: Lab;
beforeEach(async () => {
  lab = await createLab({ name: 'connect' });
});
afterEach(() => lab.close());

/** UDP, to the first answer. */
const TO_ANSWER = ['-u', '-W', '1'];

/** UDP without a wait for answers. */
const UNANSWERED = ['-u', '-w', '1'];

/** What nc hears from a port of the victim after it has sent `input`. */
async function nc(port: number, input = '', options: string[] = [], to = lab.wire.to.ipv4): Promise<string> {
  const command = ['nc', '-n', '-w', '30', ...options, to, String(port)];
  return (await lab.run(lab.scanner, command, { input })).stdout;
}

/** Connects, waits for the end and closes, so that the caller cannot be missed. */
function call(port: number, to = lab.wire.to.ipv4): Promise<string> {
  return nc(port, '', ['-d'], to);
}

function linesOf(detector: LabProcess, pattern: RegExp): string[] {
  return detector.lines().filter((line) => pattern.test(line));
}

function descriptorsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

describe.each([
  { family: 'IPv4', address: 'ipv4', tables: 'iptables', length: 32, flags: [] },
  { family: 'IPv6', address: 'ipv6', tables: 'ip6tables', length: 128, flags: ['-6'] },
] as const)('$family', ({ address, tables, length, flags }) => {
  test('nmap -sT is seen on the ports that it connects to, and blocked', async () => {
    const source = String(parseAddress(lab.wire.from[address]));
    configure(lab.victim, 'TCP_PORTS="111,3000-3010"\nKILL_HOSTS_DENY="ALL: $TARGET$"');
    const detector = await startDetector(lab, lab.victim, ['-tcp']);
    await nmap(lab, [...flags, '-sT', '-p', '111,3000-3010', lab.wire.to[address]]);
    await detector.waitForLine(/blocked via wrappers/);
    expect(await dropsOf(lab, lab.victim, tables)).toEqual([`-A INPUT -s ${source}/${length} -j DROP`]);
    const bracketed = address === 'ipv6' ? `[${source}]` : source;
    expect(readFile(lab.victim, '/etc/hosts.deny')).toBe(`ALL: ${bracketed}\n`);
    const labels = new Set(linesOf(detector, / from host: /).map((line) => line.replace(/\d+$/, 'N')));
    expect([...labels]).toEqual([`attackalert: Connect from host: ${source}/${source} to TCP port: N`]);
    expect(readFile(lab.victim, '/etc/portsentry/portsentry.blocked.tcp')).toMatch(/ TCP Blocked\n$/);
  });

  test('nmap resets its connections before they can be looked at, and still each is named', async () => {
    const source = String(parseAddress(lab.wire.from[address]));
    configure(lab.victim, `${ONLY_LOG}\nTCP_PORTS="3000-3007"`);
    const detector = await startDetector(lab, lab.victim, ['-tcp']);
    await nmap(lab, [...flags, '-sT', '-p', '3000-3007', lab.wire.to[address]]);
    const named = () => linesOf(detector, /^attackalert: Connect/);
    await lab.waitFor(() => named().length === 8);
    const line = `attackalert: Connect from host: ${source}/${source} to TCP port: `;
    expect(named().sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((last) => `${line}300${last}`));
  });

  test('the banner, to the octet', async () => {
    configure(lab.victim, `${ONLY_LOG}\nTCP_PORTS="111"\nPORT_BANNER="${BANNER}"`);
    const detector = await startDetector(lab, lab.victim, ['-tcp']);
    const source = String(parseAddress(lab.wire.from[address]));
    expect(await call(111, lab.wire.to[address])).toBe(BANNER);
    expect(await nc(111, 'x'.repeat(100), ['-N'], lab.wire.to[address])).toBe(BANNER);
    await detector.waitForLine(/^attackalert: Connect/);
    expect(alertsOf(detector)[0]).toBe(
      `attackalert: Connect from host: ${source}/${source} to TCP port: 111`,
    );
  });

  test('a datagram is seen, and answered with no more octets than it had', async () => {
    configure(lab.victim, `${ONLY_LOG}\nUDP_PORTS="700"\nPORT_BANNER="${BANNER}"`);
    const detector = await startDetector(lab, lab.victim, ['-udp']);
    const source = String(parseAddress(lab.wire.from[address]));
    expect(await nc(700, '12345', TO_ANSWER, lab.wire.to[address])).toBe(BANNER.slice(0, 5));
    expect(await nc(700, 'x'.repeat(300), TO_ANSWER, lab.wire.to[address])).toBe(BANNER);
    expect(alertsOf(detector)[0]).toBe(
      `attackalert: Connect from host: ${source}/${source} to UDP port: 700`,
    );
  });
});

test('UDP_BANNER_AMPLIFY="1" sends all of the banner', async () => {
  configure(lab.victim, `${ONLY_LOG}\nUDP_PORTS="700"\nPORT_BANNER="${BANNER}"\nUDP_BANNER_AMPLIFY="1"`);
  await startDetector(lab, lab.victim, ['-udp']);
  expect(await nc(700, '1', TO_ANSWER)).toBe(BANNER);
});

test('a port that is taken does not shift the numbers of the others, as it did in 1.2', async () => {
  await startService(lab, lab.victim, 'tcp-echo', 3001);
  configure(lab.victim, `${ONLY_LOG}\nTCP_PORTS="3000-3003"`);
  const detector = await startDetector(lab, lab.victim, ['-tcp']);
  expect(linesOf(detector, /could not bind|Going into/)).toEqual([
    'adminalert: ERROR: could not bind TCP socket: 3001. Attempting to continue',
    ...[3000, 3002, 3003].map((port) => `adminalert: Going into listen mode on TCP port: ${port}`),
  ]);
  for (const port of [3003, 3000, 3002]) await call(port);
  await detector.waitForLine(/^attackalert: .*port: 3002$/);
  expect(linesOf(detector, /^attackalert: Connect/).map((line) => line.split(' ').at(-1))).toEqual([
    '3003',
    '3000',
    '3002',
  ]);
});

test('events have the local address that was called', async () => {
  await lab.run(lab.victim, ['ip', 'address', 'add', '10.99.0.9/24', 'dev', 'eth0']);
  configure(lab.victim, `${ONLY_LOG}\nTCP_PORTS="111"\nUDP_PORTS="700"\nEVENT_FILE="/etc/portsentry/events"`);
  const detector = await startDetector(lab, lab.victim, ['-tcp', '-udp']);
  await call(111, '10.99.0.9');
  await nc(700, 'x', UNANSWERED, '10.99.0.9');
  await detector.waitForLine(/^attackalert: .*UDP port: 700$/);
  const events = readFile(lab.victim, '/etc/portsentry/events')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(events.map(({ destination, portsentry: { kind, mode } }) => [destination, kind, mode])).toEqual([
    [{ address: '10.99.0.9', ip: '10.99.0.9', port: 111 }, 'connect', 'tcp'],
    [{ address: '10.99.0.9', ip: '10.99.0.9', port: 700 }, 'connect', 'udp'],
  ]);
});

test('a broadcast is no probe', async () => {
  configure(lab.victim, `${ONLY_LOG}\nUDP_PORTS="700,701"`);
  const detector = await startDetector(lab, lab.victim, ['-udp']);
  await nc(700, 'x', ['-b', ...UNANSWERED], '10.99.0.255');
  await nc(701, 'x', UNANSWERED);
  await detector.waitForLine(/^attackalert: .*UDP port: 701$/);
  expect(alertsOf(detector).filter((line) => line.endsWith('700'))).toEqual([]);
});

test('the detector listens at an address that comes later', async () => {
  configure(lab.victim, `${ONLY_LOG}\nUDP_PORTS="700"`);
  const detector = await startDetector(lab, lab.victim, ['-udp']);
  await lab.run(lab.victim, ['ip', 'address', 'add', '10.99.0.9/24', 'dev', 'eth0']);
  await lab.waitFor(async () => {
    await nc(700, 'x', UNANSWERED, '10.99.0.9');
    return alertsOf(detector).length > 0;
  });
});

test('a source that is already blocked is logged in the words of the connect modes', async () => {
  configure(lab.victim, 'BLOCK_METHOD="null"\nTCP_PORTS="111"');
  const detector = await startDetector(lab, lab.victim, ['-tcp']);
  await call(111);
  await detector.waitForLine(/has been blocked/);
  await call(111);
  await detector.waitForLine(/^attackalert: Host: 10\.99\.0\.1 is already blocked\. Ignoring$/);
});

describe('capture', () => {
  test('there is none with -udp', async () => {
    configure(lab.victim, ONLY_LOG);
    expect(captureOf(await startDetector(lab, lab.victim, ['-udp']))).toBeUndefined();
  });

  test('-tcp works without it where it is not permitted', async () => {
    configure(lab.victim, `${ONLY_LOG}\nTCP_PORTS="3000"`);
    const denied = ['setpriv', '--bounding-set=-net_raw', process.execPath, PROGRAM, '-tcp'];
    const detector = await lab.start(lab.victim, denied);
    await detector.waitForLine(/is now active and listening/);
    expect(captureOf(detector)).toBeUndefined();
    await call(3000);
    await detector.waitForLine(/^attackalert: Connect/);
  });

  test('a SYN scan of the ports of -tcp accuses no source: there was no connection', async () => {
    configure(lab.victim, `${ONLY_LOG}\nTCP_PORTS="3000-3003"`);
    const detector = await startDetector(lab, lab.victim, ['-tcp']);
    await nmap(lab, ['-sS', '-p', '3000-3002', lab.wire.to.ipv4]);
    await call(3003);
    await detector.waitForLine(/^attackalert: .*port: 3003$/);
    expect(linesOf(detector, /^attackalert: Connect/)).toHaveLength(1);
  });

  test('with -tcp -audp it captures UDP, and neither mode takes the other for a service', async () => {
    configure(lab.victim, `${ONLY_LOG}\nTCP_PORTS="111,3000"\nADVANCED_PORTS_UDP="4000"`);
    const detector = await startDetector(lab, lab.victim, ['-tcp', '-audp']);
    expect(captureOf(detector)).toBeDefined();
    await call(3000);
    await nc(3000, 'x', UNANSWERED);
    await detector.waitForLine(/^attackalert: UDP scan from host: .* to UDP port: 3000$/);
    expect(alertsOf(detector)[0]).toMatch(/^attackalert: Connect from host: .* to TCP port: 3000$/);
    // A SYN to a port without a listener is none of the listening mode's business.
    await nmap(lab, ['-sS', '-p', '3999', lab.wire.to.ipv4]);
    await nc(3001, 'x', UNANSWERED);
    await detector.waitForLine(/UDP port: 3001$/);
    expect(linesOf(detector, /^attackalert: TCP/)).toEqual([]);
  });
});

test('SIGHUP takes new ports and releases the others', async () => {
  configure(lab.victim, `${ONLY_LOG}\nTCP_PORTS="111,3000"\nPORT_BANNER="one"`);
  const detector = await startDetector(lab, lab.victim, ['-tcp']);
  expect(await call(3000)).toBe('one');
  configure(lab.victim, `${ONLY_LOG}\nTCP_PORTS="111,3001"\nPORT_BANNER="two"`);
  detector.signal('SIGHUP');
  await detector.waitForLine(/Going into listen mode on TCP port: 3001$/);
  expect([await call(111), await call(3000), await call(3001)]).toEqual(['two', '', 'two']);
});

test('a start without a single free port fails', async () => {
  await startService(lab, lab.victim, 'tcp-echo', 3000);
  configure(lab.victim, 'TCP_PORTS="3000"');
  const outcome = await lab.run(lab.victim, [process.execPath, PROGRAM, '-tcp']);
  expect(outcome.code).toBe(69);
  expect(outcome.stderr).toBe(
    'portsentry: could not bind ANY TCP sockets: every port of the list is taken\n',
  );
});

describe('floods', () => {
  test('2,500 silent connections cost a bounded number of descriptors, and the detector goes on', async () => {
    configure(lab.victim, `${ONLY_LOG}\nTCP_PORTS="111,3000"\nPORT_BANNER="${BANNER}"`);
    const detector = await startDetector(lab, lab.victim, ['-tcp']);
    const before = descriptorsOf(detector.pid);
    const holder = await lab.start(lab.scanner, ['python3', HOLD, lab.wire.to.ipv4, '111', '2500']);
    let most = 0;
    let memory = 0;
    const watched = holder.waitForLine(/^held 2500$/).then(() => true);
    await lab.waitFor(async () => {
      most = Math.max(most, descriptorsOf(detector.pid));
      memory = Math.max(memory, Number.parseInt(statusOf(detector.pid, 'VmRSS') ?? '0', 10));
      return Promise.race([watched, Promise.resolve(false)]);
    });
    expect(most).toBeGreaterThan(before);
    expect(most).toBeLessThanOrEqual(before + 256 + 8);
    expect(memory).toBeLessThan(200 * 1024);
    // The last of them stay for another second, and may be as many as there is room for.
    await lab.waitFor(async () => (await call(3000)) === BANNER);
    await lab.waitFor(() => descriptorsOf(detector.pid) <= before + 1);
    const { code, starts } = await endBy(lab, detector);
    expect(code).toBe(0);
    expect(starts).toBeLessThan(PROMPT_STARTS);
  });

  test('with 64 descriptors it binds what it can, logs the rest, and survives a flood', async () => {
    configure(lab.victim, `TCP_PORTS="3000-3039"\nUDP_PORTS="3000-3039"\nPORT_BANNER="${BANNER}"`);
    const limited = [
      'bash',
      '-c',
      'ulimit -n 64 && exec "$@"',
      '-',
      process.execPath,
      PROGRAM,
      '-tcp',
      '-udp',
    ];
    const detector = await lab.start(lab.victim, limited);
    await detector.waitForLine(/is now active and listening/);
    expect(linesOf(detector, /could not bind TCP socket: 3039\. Attempting/)).toHaveLength(1);
    expect(linesOf(detector, /^adminalert: No descriptors are left for \d+ more sockets: /)).toHaveLength(1);
    expect(linesOf(detector, /Going into listen mode on (TCP|UDP) port: 3000$/)).toHaveLength(2);
    const holder = await lab.start(lab.scanner, ['python3', HOLD, lab.wire.to.ipv4, '3000', '200']);
    await detector.waitForLine(/has been blocked via dropped route/);
    expect(await dropsOf(lab, lab.victim)).toHaveLength(1);
    await holder.stop();
    // A loop that never waits is never found asleep, however little of the processor it gets.
    let asleep = 0;
    await lab.waitFor(() => {
      asleep = statOf(detector.pid)[0] === 'S' ? asleep + 1 : 0;
      return asleep === 20;
    });
    expect((await detector.stop()).code).toBe(0);
  });
});
