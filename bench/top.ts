/**
 * Measures what `portsentry top` costs: processor time of the view and of the daemon at one picture a second, in a terminal,
 * with few sources, with a full table, and in a flood of forged sources; and what subscribers that do not read, and a hundred
 * of them, cost the daemon. In network namespaces, with the built program; needs root and tmux. An argument names one
 * part: `few sources`, `a full table` or `a flood`.
 */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { ask } from '../src/control/client.ts';
import type { Status } from '../src/control/status.ts';
import { configure, cpuTicksOf, nmap, PROGRAM, startDetector, statusOf } from '../test/support/detector.ts';
import { createLab, type Lab } from '../test/support/lab.ts';
import type { LabProcess } from '../test/support/lab-process.ts';
import { comeFrom } from '../test/support/matrix.ts';
import { startFlood } from '../test/support/services.ts';
import { Tmux } from '../test/support/tmux.ts';

const SECONDS = 30;
/** Clock ticks a second in /proc/PID/stat; 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
/** A process has compiled what it runs again and again after this long. */
const WARM_UP_MS = 10_000;

const FLOOD_PER_SECOND = 50_000;
/** As many sources as the table holds. */
const TABLE = 65_536;
const LOG_ONLY = 'BLOCK_TCP="0"\nBLOCK_UDP="0"';

const SOCKET = '/run/portsentry/portsentry.sock';
const WATCH = '{"version":1,"command":"watch","sort":"probes","limit":500}\n';

await withLab('few sources', async (lab, detector) => {
  for (let host = 30; host < 40; host++) {
    await comeFrom(lab, `10.99.0.${host}`, `fd99::${host}`);
    await nmap(lab, ['-sS', '-p', '2000-2009', lab.wire.to.ipv4]);
  }
  await compare(lab, detector, '10 sources, no probes');
});

await withLab('a full table', async (lab, detector) => {
  await (await startFlood(lab, lab.wire, { perSecond: 20_000, seconds: TABLE / 20_000 })).ended;
  await delay(WARM_UP_MS);
  const { sources } = await statusIn(lab);
  await compare(lab, detector, `${sources} sources, no probes`);
});

await withLab('a flood', async (lab, detector) => {
  const sender = await startFlood(lab, lab.wire, { perSecond: FLOOD_PER_SECOND, seconds: Infinity });
  await delay(WARM_UP_MS);
  await compare(
    lab,
    detector,
    `a sender of ${FLOOD_PER_SECOND} forged sources a second, as far as the machine lets it`,
  );
  const before = memoryOf(detector);
  const sockets = socketsOf(detector);
  const silent = Array.from({ length: 4 }, () => subscribe(lab));
  await delay(1_000);
  const connected = socketsOf(detector) - sockets;
  const peak = await peakMemory(detector, SECONDS * 1_000);
  console.log(
    `  4 subscribers that never read: ${connected} connections, after ${SECONDS} s ${socketsOf(detector) - sockets}; memory ` +
      `of the daemon ${before} MiB before, ${peak} MiB at most meanwhile, ${memoryOf(detector)} MiB after`,
  );
  for (const { socket } of silent) socket.destroy();
  await delay(2_000);
  const many = Array.from({ length: 100 }, () => subscribe(lab, true));
  await delay(5_000);
  const served = many.filter(({ ticks }) => ticks > 0).length;
  const begun = performance.now();
  await statusIn(lab);
  const answeredMs = performance.now() - begun;
  const [share = 0] = await sharesOf(async () => cpuTicksOf(detector.pid));
  console.log(
    `  100 subscribers at once: ${served} are served; the status then takes ${answeredMs.toFixed(0)} ms; ` +
      `daemon ${percent(share)}, ${memoryOf(detector)} MiB`,
  );
  for (const { socket } of many) socket.destroy();
  await sender.stop();
});

async function withLab(name: string, body: (lab: Lab, detector: LabProcess) => Promise<void>): Promise<void> {
  if (process.argv[2] !== undefined && process.argv[2] !== name) return;
  const lab = await createLab({ name: 'bench-top' });
  try {
    console.log(`${name}:`);
    configure(lab.victim, LOG_ONLY);
    const detector = await startDetector(lab, lab.victim, ['-atcp']);
    await body(lab, detector);
  } finally {
    await lab.close();
  }
}

/** The daemon without a view, then with one in a terminal. */
async function compare(lab: Lab, detector: LabProcess, what: string): Promise<void> {
  // Packets and probes count as ticks do, so that their share is a number a second.
  const counts = [
    async () => cpuTicksOf(detector.pid),
    async () => arrivedIn(lab) * TICKS_PER_SECOND,
    async () => (await statusIn(lab)).probes * TICKS_PER_SECOND,
  ];
  const [alone = 0, ...ratesAlone] = await sharesOf(...counts);
  const lostBefore = await lostIn(lab);
  const tmux = await Tmux.open(lab, lab.victim, { program: PROGRAM });
  await tmux.type('portsentry top', 'Enter');
  await tmux.shows(/SOURCE +.*PROBES/);
  await delay(WARM_UP_MS);
  const shell = await tmux.value('#{pane_pid}');
  const view = (await lab.run(lab.victim, ['ps', '-o', 'pid=', '--ppid', shell])).stdout.trim();
  const [ofView = 0, withView = 0, ...rates] = await sharesOf(() => ticksInside(lab, view), ...counts);
  const { stdout: memory } = await lab.run(lab.victim, ['ps', '-o', 'rss=', '-p', view]);
  console.log(
    `  ${what}: view ${percent(ofView)}, ${Math.round(Number(memory) / 1024)} MiB; daemon ${percent(alone)} without a view ` +
      `(${ratesText(ratesAlone)}), ${percent(withView)} with one (${ratesText(rates)}); ` +
      `reports lost meanwhile: ${(await lostIn(lab)) - lostBefore}`,
  );
  await tmux.run('kill-server');
}

/** The share of one processor that each process has used, by its clock ticks. */
async function sharesOf(...processes: readonly (() => Promise<number>)[]): Promise<number[]> {
  const ticksOf = () => Promise.all(processes.map((ticks) => ticks()));
  const begun = performance.now();
  const before = await ticksOf();
  await delay(SECONDS * 1_000);
  const after = await ticksOf();
  const seconds = (performance.now() - begun) / 1_000;
  return after.map((ticks, index) => (ticks - (before[index] ?? 0)) / TICKS_PER_SECOND / seconds);
}

/** Processor time of a process by its number inside the victim. */
async function ticksInside(lab: Lab, pid: string): Promise<number> {
  const { stdout } = await lab.run(lab.victim, ['cat', `/proc/${pid}/stat`]);
  const [utime, stime] = stdout
    .slice(stdout.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return Number(utime) + Number(stime);
}

/** Packets that came to the victim. */
function arrivedIn(lab: Lab): number {
  return Number(readFileSync(lab.victim.path('/sys/class/net/eth0/statistics/rx_packets'), 'utf8'));
}

function ratesText([arrived = 0, judged = 0]: readonly number[]): string {
  return `${arrived.toFixed(0)} packets/s came, ${judged.toFixed(0)} probes/s were judged`;
}

interface Subscriber {
  readonly socket: Socket;
  ticks: number;
  isClosed: boolean;
}

/** A client of the control socket that asks for the sources; without `reads` it takes nothing of the answer. */
function subscribe(lab: Lab, reads = false): Subscriber {
  const socket = connect(lab.victim.path(SOCKET));
  const subscriber: Subscriber = { socket, ticks: 0, isClosed: false };
  socket.on('error', () => {});
  socket.on('close', () => {
    subscriber.isClosed = true;
  });
  socket.write(WATCH);
  if (!reads) socket.pause();
  else
    socket.setEncoding('utf8').on('data', (text: string) => {
      if (text.includes('"tick"')) subscriber.ticks++;
    });
  return subscriber;
}

/** How many sockets the daemon has open, its connections among them. */
function socketsOf({ pid }: LabProcess): number {
  const isSocket = (name: string) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${name}`).startsWith('socket:');
    } catch {
      return false; // closed meanwhile
    }
  };
  return readdirSync(`/proc/${pid}/fd`).filter(isSocket).length;
}

/** The highest memory in MiB, looked at ten times a second. */
async function peakMemory(detector: LabProcess, ms: number): Promise<number> {
  let peak = 0;
  for (const end = performance.now() + ms; performance.now() < end; await delay(100))
    peak = Math.max(peak, memoryOf(detector));
  return peak;
}

function memoryOf(detector: LabProcess): number {
  return Math.round(Number.parseInt(statusOf(detector.pid, 'VmRSS') ?? '0', 10) / 1024);
}

async function statusIn(lab: Lab): Promise<Status> {
  for await (const answer of ask(lab.victim.path(SOCKET), { command: 'status' }, 60_000))
    if (answer.ok) return answer.fields.status as Status;
  throw new Error('no status');
}

async function lostIn(lab: Lab): Promise<number> {
  return (await statusIn(lab)).sensor.kernel?.lost ?? 0;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}
