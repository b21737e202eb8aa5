/**
 * Floods idle watched ports with SYNs from forged sources, while a real scanner scans among them: this program with both
 * of its sensors, and PortSentry 2.0.7 of Debian. Counts on the wire what the victim answers, what became of each packet,
 * and how many probes the scanner sent before user space had blocked it. In network namespaces, with the built program;
 * needs root and, for PortSentry, the network. Arguments choose programs and rates: `kernel 200000 max`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Status } from '../src/control/status.ts';
import { captureOf, statusOf } from '../test/support/detector.ts';
import { createLab, type Lab } from '../test/support/lab.ts';
import { order } from '../test/support/orders.ts';
import {
  accuses,
  type Running,
  startKernelSensor,
  startPacketSensor,
  startPortSentry2,
} from './support/contenders.ts';
import { countersOf, type FloodPlan, FORGED, sentBy, startReplay, writeFlood } from './support/flood.ts';

const SECONDS = 6;
const RATES: Readonly<Record<string, number>> = {
  50000: 50_000,
  200000: 200_000,
  max: Number.POSITIVE_INFINITY,
};
/** More than the fastest sender sends in SECONDS; after the last one the sources come again. */
const FRAMES = 3_000_000;

/** The scanner begins when the flood has gone on for this long, and probes 500 ports a second. */
const SCAN_AFTER_MS = 1_500;
const SCANNED = 1_000;
const FIRST_PORT = 3_000;

/** What comes late is waited for until nothing has changed for this long, or until it has taken too long. */
const CALM_MS = 2_000;
const PATIENCE_MS = 30_000;

const LOG_ONLY = 'BLOCK_TCP="0"\nBLOCK_UDP="0"';

interface Contender {
  readonly start: (lab: Lab) => Promise<Running>;
  /** Behind the hook that blocks: a probe that comes there is not blocked by user space. */
  readonly pastBlocks: string;
}

/** A later table of the same priority comes before an earlier one: before the holds, after the blocks. */
const PAST_OUR_BLOCKS = 'prerouting priority -309';
const CONTENDERS: Readonly<Record<string, Contender>> = {
  kernel: { start: startKernelSensor, pastBlocks: PAST_OUR_BLOCKS },
  packet: { start: startPacketSensor, pastBlocks: PAST_OUR_BLOCKS },
  'portsentry-2.0': { start: startPortSentry2, pastBlocks: 'input priority 1' },
  'kernel-log-only': { start: (lab) => startKernelSensor(lab, LOG_ONLY), pastBlocks: PAST_OUR_BLOCKS },
  'packet-log-only': { start: (lab) => startPacketSensor(lab, LOG_ONLY), pastBlocks: PAST_OUR_BLOCKS },
};

const words = process.argv.slice(2);
const chosen = (all: object) => {
  const named = Object.keys(all).filter((name) => words.includes(name));
  return named.length > 0 ? named : Object.keys(all);
};

const folder = mkdtempSync(join(tmpdir(), 'portsentry-bench-'));
try {
  const capture = join(folder, 'flood.pcap');
  let isWritten = false;
  for (const name of chosen(CONTENDERS)) {
    for (const rate of chosen(RATES)) {
      const lab = await createLab({ name: 'flood' }, { extraAddresses: 1 });
      try {
        // Each lab has the same addresses.
        if (!isWritten) await writeFlood(capture, lab.wire, FRAMES);
        isWritten = true;
        const plan = { perSecond: RATES[rate] as number, seconds: SECONDS };
        await flood(lab, CONTENDERS[name] as Contender, name.endsWith('-log-only'), capture, plan);
      } finally {
        await lab.close();
      }
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}

async function flood(
  lab: Lab,
  { start, pastBlocks }: Contender,
  onlyLogs: boolean,
  capture: string,
  plan: FloodPlan,
): Promise<void> {
  // Not the gateway's address, which nothing blocks.
  const scanner = lab.wire.from.extraIpv4[0] as string;
  // The forged sources are beyond the scanner, so that answers to them come out there.
  await must(lab, lab.victim, ['ip', 'route', 'add', 'default', 'via', lab.wire.from.ipv4]);
  const program = await start(lab);
  await must(lab, lab.victim, ['nft', victimMeter(scanner, pastBlocks)]);
  await must(lab, lab.scanner, ['nft', scannerMeter(scanner)]);
  const replay = await startReplay(lab, lab.wire, capture, plan);
  await lab.waitFor(async () => ((await countersOf(lab, lab.victim)).arrived ?? 0) > 0);
  await delay(SCAN_AFTER_MS);
  await lab.run(lab.scanner, [
    ...['hping3', '-q', '-a', scanner, '-S', '-p', `++${FIRST_PORT}`, '-i', 'u2000', '-c', String(SCANNED)],
    lab.wire.to.ipv4,
  ]);
  const sent = await sentBy(replay);
  const status = await settled(lab, program);
  const victim = await countersOf(lab, lab.victim);
  const { answers = 0, answers_to_scanner = 0 } = await countersOf(lab, lab.scanner);
  const { arrived = 0, scanned = 0, unblocked = 0 } = victim;
  const asked = Number.isFinite(plan.perSecond) ? `${plan.perSecond} a second` : 'as fast as it comes';
  console.log(
    `${program.title}${onlyLogs ? ', log only' : ''}; ${asked}: ${sent.frames} SYNs sent, ` +
      `${Math.round(sent.frames / sent.seconds)} a second, ${arrived} arrived`,
  );
  console.log(`  answers of idle ports: ${answers}, ${answers_to_scanner} of them to the scanner`);
  console.log(`  ${whatBecameOf(arrived + scanned, victim, status, program)}`);
  const isBlocked = (await program.blocked()).includes(scanner);
  // The lines of a flood are bounded, so the ledger may be the only one that names it.
  const isNamed = accuses(program, scanner) || isBlocked;
  const block = onlyLogs
    ? ''
    : isBlocked
      ? `, blocked after ${unblocked} of its ${scanned} probes`
      : `, not blocked (${unblocked} of its ${scanned} probes came past the blocks)`;
  console.log(`  the scanner: ${isNamed ? 'named' : 'not named'} in the log or the ledger${block}`);
  const ends = program.process?.lines().filter((line) => /^adminalert: .* ended: /.test(line)) ?? [];
  console.log(
    `  memory: ${peakMemory(program)}${ends.length === 0 ? '' : `; the reader ended ${ends.length} times`}`,
  );
}

/** Packets by what the program knows of them. */
function whatBecameOf(
  packets: number,
  { probes = 0, held = 0, reported = 0, unreported = 0 }: Readonly<Record<string, number>>,
  status: Status | null,
  program: Running,
): string {
  if (status === null)
    return `alerts in the log: ${program.alerts().length} (${share(program.alerts().length, packets)})`;
  const { frames, sensor, breaker, blocks } = status;
  const more = `; blocks in force ${blocks.inForce}, breaker ${breaker.open ? 'open' : 'closed'}`;
  if (sensor.kernel === null)
    return `probes judged: ${status.probes} (${share(status.probes, packets)})${more}`;
  const { lost, shed } = sensor.kernel;
  const told = frames + lost + unreported;
  return (
    `of ${packets} packets the table judged ${probes} and dropped ${held} as held; of ${reported} reports ${frames} read + ` +
    `${lost} told as lost, and ${unreported} told as unreported: ${told - (probes + held)} more than packets (1 is the trial); ` +
    `${share(frames + unreported, packets)} read or counted by the kernel, ${share(frames, packets)} read; sources held now ${sensor.kernel.held}, shed and told ${shed}; probes counted ${status.probes}${more}`
  );
}

/** The program's state when all that was reported has been read, or told as lost; null for one that has no such state. */
async function settled(lab: Lab, program: Running): Promise<Status | null> {
  let last = '';
  let since = performance.now();
  const begun = since;
  for (;;) {
    const status = program.title.startsWith('this') ? await stateOf(lab) : null;
    const seen =
      status === null
        ? `${program.alerts().length}`
        : `${status.frames} ${status.probes} ${status.sensor.kernel?.lost}`;
    const now = performance.now();
    if (seen !== last) since = now;
    last = seen;
    const { reported = 0, lost = 0 } = status?.sensor.kernel ?? {};
    const isWhole = status === null || reported === 0 || status.frames + lost >= reported;
    if ((isWhole && now - since >= CALM_MS) || now - begun >= PATIENCE_MS) return status;
    await delay(250);
  }
}

async function stateOf(lab: Lab): Promise<Status> {
  const { stdout, stderr } = await order(lab, 'status', '--json');
  if (stdout === '') throw new Error(`status: ${stderr}`);
  return JSON.parse(stdout);
}

/** The largest resident sets of main and capture process. */
function peakMemory({ process }: Running): string {
  if (process === null) return 'unknown';
  const pids = [process.pid, captureOf(process)].filter((pid) => pid !== undefined);
  return pids
    .map((pid) => `${(Number.parseInt(statusOf(pid, 'VmHWM') ?? '0', 10) / 1024).toFixed(0)} MiB`)
    .join(' + ');
}

function victimMeter(scanner: string, pastBlocks: string): string {
  const probe = `ip saddr ${scanner} tcp dport >= ${FIRST_PORT} tcp flags syn`;
  return `table inet flood_meter {
    counter arrived { }
    counter scanned { }
    counter unblocked { }
    chain wire {
      type filter hook prerouting priority -400; policy accept;
      ip saddr ${FORGED} counter name arrived accept
      ${probe} counter name scanned
    }
    chain past_blocks {
      type filter hook ${pastBlocks}; policy accept;
      ${probe} counter name unblocked
    }
  }`;
}

/** Every segment, datagram and ICMP error that leaves the victim's ports reaches the scanner. */
function scannerMeter(scanner: string): string {
  return `table inet flood_meter {
    counter answers { }
    counter answers_to_scanner { }
    chain wire {
      type filter hook prerouting priority -400; policy accept;
      meta l4proto { tcp, udp } goto answer
      icmp type destination-unreachable goto answer
    }
    chain answer {
      counter name answers
      ip daddr ${scanner} counter name answers_to_scanner
    }
  }`;
}

async function must(lab: Lab, host: Lab['victim'], command: readonly string[]): Promise<void> {
  const { code, stderr } = await lab.run(host, command);
  if (code !== 0) throw new Error(`${command.join(' ')}: ${stderr}`);
}

function share(part: number, whole: number): string {
  return `${((part / whole) * 100).toFixed(2)} %`;
}
