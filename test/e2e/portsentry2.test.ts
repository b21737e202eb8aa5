import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseAddress } from '../../src/net/address.ts';
import { CONFIG_FILE, IGNORE_FILE, nmap, PROGRAM, readFile, writeFile } from '../support/detector.ts';
import { createLab, type Lab } from '../support/lab.ts';
import type { LabProcess } from '../support/lab-process.ts';

/** What a user of PortSentry 2.x sees: its switches, its configuration, and LOG_FORMAT="2". */

const HISTORY = '/etc/portsentry/portsentry.history';
const BANNER = 'Some banner printed on port';
const FAMILIES = ['ipv4', 'ipv6'] as const;
type Family = (typeof FAMILIES)[number];

const BLOCKED = 'ignored: [false] triggered: [true] noblock: [false] blocked: [true]';
const ONLY_LOGGED = 'ignored: [false] triggered: [true] noblock: [true] blocked: [false]';
const NOT_TRIGGERED = 'ignored: [false] triggered: [false] noblock: [unset] blocked: [unset]';
const IGNORED = 'ignored: [true] triggered: [unset] noblock: [unset] blocked: [unset]';

/** The keys of 2.x, and our key for its form. */
const BASE = `
LOG_FORMAT="2"
IGNORE_FILE="${IGNORE_FILE}"
HISTORY_FILE="${HISTORY}"
BLOCKED_FILE="/etc/portsentry/portsentry.blocked"
`;
const BOTH_LISTS = 'TCP_PORTS="1,5-11"\nUDP_PORTS="1,7-11"';
const BLOCKS = 'BLOCK_TCP="1"\nBLOCK_UDP="1"\nKILL_ROUTE="true $TARGET$"';

let lab: Lab;
beforeEach(async () => {
  lab = await createLab({ name: 'portsentry2' });
});
afterEach(() => lab.close());

/** Starts the program with these switches on a configuration with these keys. */
async function start(switches: string, keys: string, ignore = '# nobody\n'): Promise<LabProcess> {
  writeFile(lab.victim, CONFIG_FILE, `${BASE}${keys}\n`);
  writeFile(lab.victim, IGNORE_FILE, ignore);
  const detector = await lab.start(lab.victim, [process.execPath, PROGRAM, ...switches.split(' ')]);
  await detector.waitForLine(/^Portsentry is now active and listening\.$/);
  return detector;
}

function sourceOf(family: Family): string {
  return String(parseAddress(lab.wire.from[family]));
}

/** The lines about scans so far, without what the program says of itself. */
function linesOf(detector: LabProcess): string[] {
  return detector.lines().filter((line) => /^(Scan from|attackalert|Host: |debug: )/.test(line));
}

/** Waits for this many lines, and gives them. */
async function waitForLines(detector: LabProcess, count: number): Promise<string[]> {
  await lab.waitFor(() => linesOf(detector).length >= count);
  return linesOf(detector);
}

function scan(
  family: Family,
  protocol: string,
  port: number,
  type: string,
  opts: string,
  end: string,
): string {
  const source = sourceOf(family);
  return `Scan from: [${source}] (${source}) protocol: [${protocol}] port: [${port}] type: [${type}] IP opts: [${opts}] ${end}`;
}

function connect(family: Family, protocol: string, port: number, end: string): string {
  return scan(family, protocol, port, 'Connect', 'unknown', end);
}

function routeLine(family: Family): string {
  const source = sourceOf(family);
  return `attackalert: Host ${source} has been blocked via dropped route using command: "true ${source}"`;
}

function alreadyBlocked(family: Family): string {
  return `attackalert: Host: ${sourceOf(family)}/${sourceOf(family)} is already blocked Ignoring`;
}

/** Connects, and gives what the other side says. */
async function call(family: Family, port: number): Promise<string> {
  return (await lab.run(lab.scanner, ['nc', '-n', '-d', '-w', '2', lab.wire.to[family], String(port)]))
    .stdout;
}

/** Sends a datagram, and gives the answer. */
async function send(family: Family, port: number, input = 'x'): Promise<string> {
  const command = ['nc', '-n', '-u', '-w', '1', lab.wire.to[family], String(port)];
  return (await lab.run(lab.scanner, command, { input })).stdout;
}

/** The history has the same lines about probes as the log, each with its time. */
async function expectSameHistory(detector: LabProcess): Promise<void> {
  const logged = linesOf(detector).filter((line) => line.startsWith('Scan from'));
  const read = () => readFile(lab.victim, HISTORY).split('\n').slice(0, -1);
  // The file is written after the line.
  await lab.waitFor(() => read().length >= logged.length);
  const history = read();
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4} /;
  for (const line of history) expect(line).toMatch(time);
  expect(history.map((line) => line.replace(time, ''))).toEqual(logged);
}

describe('--connect', () => {
  test('blocks at the first connect or datagram, and says at each further one that it did, in both families', async () => {
    const detector = await start('--connect -d', `${BOTH_LISTS}\n${BLOCKS}`);
    await call('ipv4', 11);
    await waitForLines(detector, 2);
    await call('ipv4', 5);
    await waitForLines(detector, 4);
    await send('ipv4', 11);
    await waitForLines(detector, 6);
    await send('ipv6', 8);
    await waitForLines(detector, 8);
    await call('ipv6', 11);
    expect(await waitForLines(detector, 10)).toEqual([
      routeLine('ipv4'),
      connect('ipv4', 'TCP', 11, BLOCKED),
      alreadyBlocked('ipv4'),
      connect('ipv4', 'TCP', 5, BLOCKED),
      alreadyBlocked('ipv4'),
      connect('ipv4', 'UDP', 11, BLOCKED),
      routeLine('ipv6'),
      connect('ipv6', 'UDP', 8, BLOCKED),
      alreadyBlocked('ipv6'),
      connect('ipv6', 'TCP', 11, BLOCKED),
    ]);
    await expectSameHistory(detector);
    for (const mode of ['tcp', 'udp']) {
      const blocked = readFile(lab.victim, `/etc/portsentry/portsentry.blocked.${mode}`);
      expect(blocked.trimEnd().split('\n'), mode).toHaveLength(1);
    }
    await detector.stop();
    expect(detector.lines().at(-1)).toBe('Portsentry is shutting down');
  });

  test('BLOCK 0 logs each, the banner is sent, and a port that no range has is not listened on', async () => {
    const detector = await start('--connect -d', `${BOTH_LISTS}\nPORT_BANNER="${BANNER}"`);
    for (const [index, family] of FAMILIES.entries()) {
      expect(await call(family, 6)).toBe(BANNER);
      await waitForLines(detector, 2 * index + 1);
      // No more octets than came.
      expect(await send(family, 7, '12345')).toBe(BANNER.slice(0, 5));
      await waitForLines(detector, 2 * index + 2);
    }
    expect(await call('ipv4', 4)).toBe('');
    expect(linesOf(detector)).toEqual(
      FAMILIES.flatMap((family) => [
        connect(family, 'TCP', 6, ONLY_LOGGED),
        connect(family, 'UDP', 7, ONLY_LOGGED),
      ]),
    );
    await expectSameHistory(detector);
  });

  test.each([
    ['after the block', '', ['route', 'external']],
    ['before it', 'KILL_RUN_CMD_FIRST="1"', ['external', 'route']],
  ])('the external command runs %s, and the line of the probe is the last', async (_when, key, order) => {
    const command = 'KILL_RUN_CMD="true $TARGET$ $PORT$"';
    const detector = await start('--connect -d', `${BOTH_LISTS}\n${BLOCKS}\n${command}\n${key}`);
    await call('ipv4', 11);
    const actions: Record<string, string> = {
      route: routeLine('ipv4'),
      external: 'attackalert: External command run for host: 10.99.0.1 using command: "true 10.99.0.1 11"',
    };
    expect(await waitForLines(detector, 3)).toEqual([
      ...order.map((action) => actions[action]),
      connect('ipv4', 'TCP', 11, BLOCKED),
    ]);
    await expectSameHistory(detector);
  });

  test('SCAN_TRIGGER allows as many connects as it says, each with its line', async () => {
    const detector = await start('--connect', `${BOTH_LISTS}\n${BLOCKS}\nSCAN_TRIGGER="1"`);
    await call('ipv4', 5);
    await waitForLines(detector, 1);
    await call('ipv4', 6);
    expect(await waitForLines(detector, 3)).toEqual([
      connect('ipv4', 'TCP', 5, NOT_TRIGGERED),
      routeLine('ipv4'),
      connect('ipv4', 'TCP', 6, BLOCKED),
    ]);
  });
});

describe('--stealth', () => {
  test.each(['pcap', 'raw'])('-m %s: each kind has its own line, whatever came before', async (method) => {
    const detector = await start(`--stealth -m ${method} -d -i ALL`, BOTH_LISTS);
    const kinds = [
      ['-sS', 'TCP SYN/Normal scan'],
      ['-sN', 'TCP NULL scan'],
      ['-sX', 'TCP XMAS scan'],
      ['-sF', 'TCP FIN scan'],
    ] as const;
    const expected: string[] = [];
    for (const family of FAMILIES) {
      const flags = family === 'ipv6' ? ['-6'] : [];
      for (const [flag, type] of kinds) {
        await nmap(lab, [...flags, flag, '-p', '11', lab.wire.to[family]]);
        expected.push(scan(family, 'TCP', 11, type, 'not set', ONLY_LOGGED));
        await waitForLines(detector, expected.length);
      }
      await send(family, 10);
      expected.push(scan(family, 'UDP', 10, 'UDP', 'not set', ONLY_LOGGED));
      await waitForLines(detector, expected.length);
    }
    // Ports that no list has.
    await nmap(lab, ['-sS', '-p', '4,12', lab.wire.to.ipv4]);
    await nmap(lab, ['-sS', '-p', '1', lab.wire.to.ipv4]);
    expected.push(scan('ipv4', 'TCP', 1, 'TCP SYN/Normal scan', 'not set', ONLY_LOGGED));
    expect(await waitForLines(detector, expected.length)).toEqual(expected);
    await expectSameHistory(detector);
  });

  test('a scan of many ports has a line for each, and no sum', async () => {
    const detector = await start('--stealth', 'TCP_PORTS="1-60"');
    await nmap(lab, ['-sS', '-p', '1-60', lab.wire.to.ipv4]);
    const lines = await waitForLines(detector, 60);
    expect(new Set(lines.map((line) => /port: \[(\d+)\]/.exec(line)?.[1])).size).toBe(60);
    await detector.stop();
    expect(linesOf(detector)).toHaveLength(60);
    await expectSameHistory(detector);
  });

  test('blocks once, and a scan that goes on during the actions comes after them', async () => {
    const keys = `${BOTH_LISTS}\nBLOCK_TCP="1"\nKILL_ROUTE="sleep 0.5; true $TARGET$"`;
    const detector = await start('--stealth -d', keys);
    await nmap(lab, ['-sS', '-p', '5-7', lab.wire.to.ipv4]);
    const lines = await waitForLines(detector, 6);
    expect(lines[0]).toMatch(/^attackalert: Host 10\.99\.0\.1 has been blocked via dropped route/);
    expect(lines.filter((line) => line === alreadyBlocked('ipv4'))).toHaveLength(2);
    expect(lines.filter((line) => line.endsWith(BLOCKED))).toHaveLength(3);
    await expectSameHistory(detector);
  });

  test('-v names the ignore file for each source in it; the line of the probe says so', async () => {
    const ignore = `${sourceOf('ipv4')}\n${sourceOf('ipv6')}/128\n`;
    const detector = await start('--stealth -i ALL -v', `${BOTH_LISTS}\n${BLOCKS}`, ignore);
    await nmap(lab, ['-sS', '-p', '11', lab.wire.to.ipv4]);
    await waitForLines(detector, 2);
    await send('ipv6', 11);
    const found = (family: Family) =>
      `Host: ${sourceOf(family)} found in ignore file ${IGNORE_FILE}, aborting actions`;
    expect(await waitForLines(detector, 4)).toEqual([
      found('ipv4'),
      scan('ipv4', 'TCP', 11, 'TCP SYN/Normal scan', 'not set', IGNORED),
      found('ipv6'),
      scan('ipv6', 'UDP', 11, 'UDP', 'not set', IGNORED),
    ]);
    await expectSameHistory(detector);
  });

  test('-d names a packet from the address that it was sent to; -L counts it', async () => {
    const knock = () => lab.run(lab.victim, ['nc', '-n', '-d', '-w', '1', '127.0.0.1', '11']);
    const detector = await start('--stealth -d -i ALL', `${BOTH_LISTS}\nSENSOR="packet"`);
    await knock();
    const line = 'debug: Source address 127.0.0.1 same as destination address 127.0.0.1, skipping';
    expect((await waitForLines(detector, 1))[0]).toBe(line);
    await detector.stop();
    const counting = await start('--stealth -d -i ALL -L', BOTH_LISTS);
    await knock();
    expect((await waitForLines(counting, 1))[0]).toMatch(/^Scan from: \[127\.0\.0\.1\] /);
  });

  test('an absent UDP_PORTS watches no UDP port', async () => {
    const detector = await start('--stealth', 'TCP_PORTS="1,11"');
    await send('ipv4', 1);
    await nmap(lab, ['-sS', '-p', '11', lab.wire.to.ipv4]);
    expect(await waitForLines(detector, 1)).toEqual([
      scan('ipv4', 'TCP', 11, 'TCP SYN/Normal scan', 'not set', ONLY_LOGGED),
    ]);
  });
});
