/**
 * Measures what the detector costs while honest bulk traffic passes, and what it sees in a flood of forged SYNs. In
 * network namespaces, with the built program; needs root.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { configure, cpuTicksOf, PROGRAM } from '../test/support/detector.ts';
import { createLab, type Lab } from '../test/support/lab.ts';
import type { LabProcess } from '../test/support/lab-process.ts';
import { order } from '../test/support/orders.ts';
import { startFlood, startService } from '../test/support/services.ts';
import { observe } from './support/wire.ts';

const BULK_SECONDS = 8;
const DATAGRAMS = 400_000;
const FLOOD_RATE = 50_000;
const FLOOD_SECONDS = 5;

/** A process that has used no processor time for this long is idle. */
const CALM_MS = 500;

/** Ports that the real scanner probes in a flood, 500 a second. */
const SCANNED = 200;
const SCAN = ['hping3', '-S', '-p', '++3000', '-i', 'u2000', '-c', String(SCANNED)];

/** Clock ticks a second in /proc/PID/stat; 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

await withLab('bulk', honestBulk);
await withLab('datagrams', honestDatagrams);
await withLab('flood', (lab) => flood(lab, 'log only', 'BLOCK_TCP="0"\nBLOCK_UDP="0"'));
await withLab('flood', floodWithScanner);
await withLab('flood', floodWhileBlocking);

async function withLab(name: string, body: (lab: Lab) => Promise<void>): Promise<void> {
  const lab = await createLab({ name }, { extraAddresses: 1 });
  try {
    await body(lab);
  } finally {
    await lab.close();
  }
}

/**
 * iperf3 over veth. The server starts before the detector, as services do. The CPU time without any traffic is measured as
 * well.
 */
async function honestBulk(lab: Lab): Promise<void> {
  configure(lab.victim);
  const server = await lab.start(lab.victim, ['iperf3', '--server', '--forceflush']);
  await server.waitForLine(/listening/);
  const detector = await startDetector(lab, []);
  const before = await settledCpuSeconds(lab, detector);
  const args = ['--client', lab.wire.to.ipv4, '--time', String(BULK_SECONDS), '--json'];
  const { stdout } = await lab.run(lab.scanner, ['iperf3', ...args], { timeout: 60_000 });
  const after = cpuSeconds(detector);
  const rate = JSON.parse(stdout).end.sum_received.bits_per_second / 1e9;
  await delay(BULK_SECONDS * 1_000);
  console.log(
    `honest bulk traffic, ${BULK_SECONDS} s of TCP at ${rate.toFixed(1)} Gbit/s: CPU of main and capture process ` +
      `${difference(before, after)}; as long without traffic ${difference(after, cpuSeconds(detector))}`,
  );
  await detector.stop();
}

/** A name server that gets 100,000 queries a second. */
async function honestDatagrams(lab: Lab): Promise<void> {
  configure(lab.victim);
  await startService(lab, lab.victim, 'udp-echo', 53);
  const detector = await startDetector(lab, []);
  const before = await settledCpuSeconds(lab, detector);
  const args = ['--udp', '--destport', '53', '--interval', 'u10', '--count', String(DATAGRAMS), '--quiet'];
  const begun = performance.now();
  await lab.run(lab.scanner, ['hping3', ...args, lab.wire.to.ipv4], { timeout: 120_000 });
  const rate = DATAGRAMS / ((performance.now() - begun) / 1000);
  console.log(
    `${DATAGRAMS} datagrams to a name server, ${Math.round(rate)} a second: CPU of main and capture process ` +
      difference(before, cpuSeconds(detector)),
  );
  await detector.stop();
}

/** The CPU time of each process between two measurements. */
function difference(before: readonly number[], after: readonly number[]): string {
  return `${after.map((seconds, index) => (seconds - (before[index] ?? 0)).toFixed(2)).join(' + ')} s`;
}

async function flood(lab: Lab, name: string, keys: string, during?: () => Promise<string>): Promise<void> {
  configure(lab.victim, keys);
  const detector = await startDetector(lab, ['--verbose']);
  const before = await settledCpuSeconds(lab, detector);
  const sender = await startFlood(lab, lab.wire, { perSecond: FLOOD_RATE, seconds: FLOOD_SECONDS });
  let memory = 0;
  const watch = setInterval(() => {
    memory = Math.max(memory, residentMiB(detector));
  }, 50);
  await sender.waitForLine(/ready/);
  const more = (await during?.()) ?? '';
  const report = await sender.waitForLine(/^sent \d+/, 60_000);
  const sent = Number(/sent (\d+)/.exec(report)?.[1]);
  // The last packets are still in the pipe. At its end the detector takes them all.
  await lab.waitFor(() => isIdle(detector), 10_000);
  clearInterval(watch);
  const cpu = difference(before, cpuSeconds(detector));
  const outcome = await detector.stop();
  const sums = /(\d+) probes, (\d+) sources are tracked; timers were late by (\d+) ms/.exec(detector.output);
  console.log(
    `flood of ${sent} SYNs at ${FLOOD_RATE} a second from forged sources, ${name}: ` +
      `${((Number(sums?.[1]) / sent) * 100).toFixed(2)} % seen, timers late by ${sums?.[3]} ms at most, ` +
      `${memory.toFixed(0)} MiB resident in both processes, CPU ${cpu}, ` +
      `exit ${outcome.code}${more}`,
  );
}

/** A real scanner scans during the flood. Forged sources send one probe, which does not trigger. */
async function floodWithScanner(lab: Lab): Promise<void> {
  const keys = 'SCAN_TRIGGER="1"\nKILL_ROUTE="/sbin/iptables -I INPUT -s $TARGET$ -j DROP"';
  await flood(lab, 'a real scanner in it, SCAN_TRIGGER="1"', keys, () => scanInTheMiddle(lab));
}

/** Blocks, with the default BLOCK_RATE_MAX. Forged sources send one probe, a real scanner goes on. */
async function floodWhileBlocking(lab: Lab): Promise<void> {
  await flood(lab, 'blocked by nftables, a real scanner in it', 'BLOCK_METHOD="nftables"', async () => {
    const outcome = await scanInTheMiddle(lab);
    const blocks = JSON.parse((await order(lab, 'status', '--json')).stdout).blocks.inForce;
    return `${outcome}, ${blocks} blocks in force`;
  });
}

/** The scanner counts as blocked after the host's last answer to it. */
async function scanInTheMiddle(lab: Lab): Promise<string> {
  await delay((FLOOD_SECONDS / 2) * 1_000);
  const { ms, answers } = await observe(
    lab,
    [...SCAN, lab.wire.to.ipv4],
    `tcp and host ${lab.wire.from.ipv4}`,
  );
  if (answers === SCANNED) return '; scanner not blocked';
  return `; scanner blocked ${ms.toFixed(0)} ms after its first probe, after ${answers} answers`;
}

async function startDetector(lab: Lab, args: readonly string[]): Promise<LabProcess> {
  const detector = await lab.start(lab.victim, [process.execPath, PROGRAM, '-atcp', '-audp', ...args]);
  await detector.waitForLine(/now active and listening/);
  return detector;
}

/** The detector and its capture process. */
function processes(detector: LabProcess): number[] {
  const children = readFileSync(`/proc/${detector.pid}/task/${detector.pid}/children`, 'utf8').trim();
  const capture = children.split(' ').map(Number).filter(isCapture);
  return [detector.pid, ...capture];
}

/** False for other children, which come and go. */
function isCapture(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('portsentry-capture');
  } catch {
    return false;
  }
}

function cpuSeconds(detector: LabProcess): number[] {
  return processes(detector).map((pid) => cpuTicksOf(pid) / TICKS_PER_SECOND);
}

/** Waits until the start is over: compilation and warm-up go on for a moment after its last line. */
async function settledCpuSeconds(lab: Lab, detector: LabProcess): Promise<number[]> {
  let last = cpuSeconds(detector);
  let since = performance.now();
  await lab.waitFor(() => {
    const now = cpuSeconds(detector);
    if (now.some((seconds, index) => seconds !== last[index])) since = performance.now();
    last = now;
    return performance.now() - since >= CALM_MS;
  });
  return last;
}

function residentMiB(detector: LabProcess): number {
  const sizes = processes(detector).map((pid) => {
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  });
  return sizes.reduce((sum, size) => sum + size, 0) / 1024;
}

/** Whether all threads of the detector sleep. */
function isIdle(detector: LabProcess): boolean {
  return processes(detector).every((pid) =>
    readdirSync(`/proc/${pid}/task`).every((task) => {
      const stat = readFileSync(`/proc/${pid}/task/${task}/stat`, 'utf8');
      return stat.replace(/^.*\) /, '').startsWith('S');
    }),
  );
}
