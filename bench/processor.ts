/**
 * Measures the processor time of main and sensor process while honest traffic passes: bulk TCP, and datagrams to a
 * service. In network namespaces, with the built program and its default sensor; needs root.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { captureOf, configure, cpuTicksOf, startDetector } from '../test/support/detector.ts';
import { createLab, type Lab } from '../test/support/lab.ts';
import type { LabProcess } from '../test/support/lab-process.ts';
import { startService } from '../test/support/services.ts';

const BULK_SECONDS = 8;
const DATAGRAMS = 400_000;

/** A process that has used no processor time for this long is idle. */
const CALM_MS = 500;

/** Clock ticks a second in /proc/PID/stat; 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

await withLab('bulk', honestBulk);
await withLab('datagrams', honestDatagrams);

async function withLab(name: string, body: (lab: Lab) => Promise<void>): Promise<void> {
  const lab = await createLab({ name });
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
  const detector = await startDetector(lab, lab.victim);
  const before = await settledCpuSeconds(lab, detector);
  const args = ['--client', lab.wire.to.ipv4, '--time', String(BULK_SECONDS), '--json'];
  const { stdout } = await lab.run(lab.scanner, ['iperf3', ...args], { timeout: 60_000 });
  const after = cpuSeconds(detector);
  const rate = JSON.parse(stdout).end.sum_received.bits_per_second / 1e9;
  await delay(BULK_SECONDS * 1_000);
  console.log(
    `honest bulk traffic, ${BULK_SECONDS} s of TCP at ${rate.toFixed(1)} Gbit/s: processor time of main + sensor process ` +
      `${difference(before, after)}; as long without traffic ${difference(after, cpuSeconds(detector))}`,
  );
  await detector.stop();
}

/** A name server that gets 100,000 queries a second. */
async function honestDatagrams(lab: Lab): Promise<void> {
  configure(lab.victim);
  await startService(lab, lab.victim, 'udp-echo', 53);
  const detector = await startDetector(lab, lab.victim);
  const before = await settledCpuSeconds(lab, detector);
  const args = ['--udp', '--destport', '53', '--interval', 'u10', '--count', String(DATAGRAMS), '--quiet'];
  const begun = performance.now();
  await lab.run(lab.scanner, ['hping3', ...args, lab.wire.to.ipv4], { timeout: 120_000 });
  const rate = DATAGRAMS / ((performance.now() - begun) / 1000);
  console.log(
    `${DATAGRAMS} datagrams to a name server, ${Math.round(rate)} a second: processor time of main + sensor process ` +
      difference(before, cpuSeconds(detector)),
  );
  await detector.stop();
}

/** The CPU time of each process between two measurements. */
function difference(before: readonly number[], after: readonly number[]): string {
  return `${after.map((seconds, index) => (seconds - (before[index] ?? 0)).toFixed(2)).join(' + ')} s`;
}

function cpuSeconds(detector: LabProcess): number[] {
  const pids = [detector.pid, captureOf(detector)].filter((pid) => pid !== undefined);
  return pids.map((pid) => cpuTicksOf(pid) / TICKS_PER_SECOND);
}

/** Waits until the start is over: compilation goes on for a moment after its last line. */
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
