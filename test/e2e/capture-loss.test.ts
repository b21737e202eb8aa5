import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  captureOf,
  configurePacketSensor,
  dropsOf,
  HISTORY_FILE,
  PROMPT_STARTS,
  readFile,
  startDetector,
  startsUntil,
} from '../support/detector.ts';
import { ethernet, SYN, tcpPacket } from '../support/frames.ts';
import { createLab, type Lab } from '../support/lab.ts';
import type { Host } from '../support/lab-host.ts';
import type { LabProcess } from '../support/lab-process.ts';
import { sendFrames, startKnocker } from '../support/services.ts';

/** Links, addresses and capture processes go and come: detection goes on, and nothing is forgotten. */

/** TEST-NET-3 (RFC 5737): a source blocked before the loss, one that had sent two probes, and one that comes after. */
const BLOCKED = '203.0.113.1';
const HALFWAY = '203.0.113.2';
const NEW = '203.0.113.3';

let lab: Lab;
let detector: LabProcess;
let knocker: LabProcess;
beforeEach(async () => {
  lab = await createLab({ name: 'loss' });
});
afterEach(() => lab.close());

/** The way of a SYN: out of an interface of the scanner, to an address of the victim. */
interface Way {
  readonly from: string;
  readonly mac: string;
  readonly address: string;
}

function knocksOf(source: string, ports: readonly number[], way: Partial<Way>): Uint8Array[] {
  const { mac = lab.wire.to.mac, address = lab.wire.to.ipv4 } = way;
  // Each source has a port of its own. With the same port, two in a row would be decoys.
  const sourcePort = 10_000 + 1_000 * Number(source.split('.').at(-1));
  return ports.map((port) => {
    const packet = tcpPacket({ source, destination: address, sourcePort, destinationPort: port, flags: SYN });
    return ethernet(packet, { destination: mac });
  });
}

function knock(source: string, ports: readonly number[], way: Partial<Way> = {}): Promise<void> {
  return sendFrames(lab, lab.scanner, knocksOf(source, ports, way), way.from ?? 'eth0');
}

/** Two connects are allowed. One source goes on to the third, another does not. */
async function startWithHistory(): Promise<void> {
  knocker = await startKnocker(lab, lab.scanner);
  configurePacketSensor(lab.victim, 'SCAN_TRIGGER="2"');
  detector = await startDetector(lab, lab.victim);
  await knock(HALFWAY, [3000, 3001]);
  await knock(BLOCKED, [3000, 3001, 3002]);
  await detector.waitForLine(new RegExp(`^attackalert: Host ${BLOCKED} has been blocked`));
  expect(await dropsOf(lab, lab.victim)).toHaveLength(1);
}

/** Call it when a scan can be seen again. */
async function expectDetection(way: Partial<Way> = {}): Promise<void> {
  const ports = Array.from({ length: 300 }, (_, index) => 4000 + index);
  const frames = knocksOf(NEW, ports, way).map((frame) => Buffer.from(frame).toString('hex'));
  knocker.write(`${way.from ?? 'eth0'} ${frames.join(' ')}\n`);
  const blocked = detector.waitForLine(new RegExp(`^attackalert: Host ${NEW} has been blocked`));
  expect(await startsUntil(lab, blocked)).toBeLessThan(PROMPT_STARTS);
  await knocker.stop();
}

async function expectMemory(way: Partial<Way> = {}): Promise<void> {
  await knock(HALFWAY, [3002], way);
  await detector.waitForLine(new RegExp(`^attackalert: Host ${HALFWAY} has been blocked`));
  await knock(BLOCKED, [3003], way);
  await detector.waitForLine(
    new RegExp(`^attackalert: Host: ${BLOCKED}/${BLOCKED} is already blocked Ignoring$`),
  );
  const rules = await dropsOf(lab, lab.victim);
  expect(rules.sort()).toEqual([BLOCKED, HALFWAY, NEW].map((source) => `-A INPUT -s ${source}/32 -j DROP`));
  expect(readFile(lab.victim, HISTORY_FILE).trimEnd().split('\n')).toHaveLength(3);
}

/** Runs `ip` on a host, but with the test's process numbers, so that a link can be moved to another host. */
function ip(host: Host, command: string): void {
  execFileSync('nsenter', ['--target', String(host.holder), '--net', 'ip', ...command.split(' ')]);
}

async function linkIsUp(): Promise<void> {
  await lab.waitFor(() => readFile(lab.victim, '/sys/class/net/eth0/operstate') === 'up\n');
}

/** Makes the deleted link again, with the same addresses. */
async function makeLinkAnew(): Promise<void> {
  ip(lab.scanner, `link add eth0 type veth peer name eth0 netns ${lab.victim.holder}`);
  ip(lab.victim, `link set eth0 address ${lab.wire.to.mac}`);
  ip(lab.victim, 'address add 10.99.0.2/24 dev eth0');
  for (const host of [lab.scanner, lab.victim]) ip(host, 'link set eth0 up');
  await linkIsUp();
}

describe('detection goes on, and nothing is forgotten', () => {
  test.each(['victim', 'scanner'] as const)("when the %s's end of the link went down", async (end) => {
    await startWithHistory();
    ip(lab[end], 'link set eth0 down');
    if (end === 'victim')
      await detector.waitForLine(/^adminalert: Capture stopped: .*; it is started again\.$/);
    ip(lab[end], 'link set eth0 up');
    await linkIsUp();
    await expectDetection();
    await expectMemory();
  });

  test('when the interface was deleted and made again', async () => {
    await startWithHistory();
    ip(lab.victim, 'link delete eth0');
    await detector.waitForLine(/^adminalert: Capture stopped: /);
    await makeLinkAnew();
    await expectDetection();
    await expectMemory();
  });

  test('when the interface was deleted, and the main process saw it before the capture process', async () => {
    await startWithHistory();
    process.kill(await lab.waitFor(() => captureOf(detector)), 'SIGSTOP');
    ip(lab.victim, 'link delete eth0');
    await detector.waitForLine(/^adminalert: Capture stopped: no interface is up; it is started again\.$/);
    await makeLinkAnew();
    await expectDetection();
    await expectMemory();
  });

  test('on an interface that came after the start', async () => {
    await startWithHistory();
    const { from, to } = await lab.link(lab.scanner, lab.victim);
    const way = { from: from.interface, mac: to.mac, address: to.ipv4 };
    await expectDetection(way);
    await expectMemory(way);
  });

  test('at an address that came after the start', async () => {
    await startWithHistory();
    ip(lab.victim, 'address add 10.99.0.9/24 dev eth0');
    await expectDetection({ address: '10.99.0.9' });
    await expectMemory({ address: '10.99.0.9' });
  });

  test('when the capture process was killed three times', async () => {
    await startWithHistory();
    for (let round = 0; round < 3; round++) {
      const capture = await lab.waitFor(() => captureOf(detector));
      process.kill(capture, 'SIGKILL');
      await lab.waitFor(() => captureOf(detector) !== capture);
    }
    await expectDetection();
    await expectMemory();
    expect(detector.lines()).toContain('adminalert: Capture stopped: ended by SIGKILL; it is started again.');
  });

  test('when the first interface came after the start', async () => {
    knocker = await startKnocker(lab, lab.scanner);
    ip(lab.victim, 'link set eth0 down');
    configurePacketSensor(lab.victim, 'SCAN_TRIGGER="2"');
    detector = await startDetector(lab, lab.victim);
    ip(lab.victim, 'link set eth0 up');
    await linkIsUp();
    await expectDetection();
  });
});

test('no probe is lost or logged twice when one capture process follows another', async () => {
  configurePacketSensor(lab.victim, 'BLOCK_TCP="0"\nEVENT_FILE="/etc/portsentry/events"');
  detector = await startDetector(lab, lab.victim, ['-v']);
  const handovers = () => detector.lines().filter((line) => line.includes('Capture goes on on eth0')).length;
  const options = ['-q', '-S', '-p', '++3000', '-i', 'u10000'];
  const scan = await lab.start(lab.scanner, ['hping3', ...options, lab.wire.to.ipv4]);
  await detector.waitForLine(/^attackalert: TCP SYN/);
  for (const [round, change] of ['add', 'del', 'add', 'del'].entries()) {
    ip(lab.victim, `address ${change} 10.99.0.9/24 dev eth0`);
    await lab.waitFor(() => handovers() === round + 1);
  }
  scan.signal('SIGINT');
  const probes = Number(/(\d+) packets transmitted/.exec((await scan.ended).stderr)?.[1]);
  // A probe of another source after them: when it is logged, all before it have been judged.
  await knock(NEW, [2999]);
  await detector.waitForLine(new RegExp(`${NEW} to TCP port: 2999$`));
  await detector.stop();
  const events = readFile(lab.victim, '/etc/portsentry/events').trimEnd().split('\n');
  const sums = events.map((line) => JSON.parse(line)).filter(({ event }) => event.action === 'scan');
  expect(sums.filter(({ source }) => source.ip === lab.wire.from.ipv4)).toMatchObject([
    { portsentry: { scan: { probes, ports: probes, targets: 1 } } },
  ]);
});
