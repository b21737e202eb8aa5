/**
 * Compares installed programs: how long commands take, from the start of the process to its end, and how long a live start
 * takes until the program listens, in turns, by the wall clock. With `idle`, what a program that only waits costs. Each
 * program is NODE:MAIN.JS; see bench/start. In a network namespace; needs root.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { captureOf, configure, cpuTicksOf } from '../test/support/detector.ts';
import { ethernet, SYN, tcpPacket } from '../test/support/frames.ts';
import { createLab } from '../test/support/lab.ts';
import type { LabProcess } from '../test/support/lab-process.ts';
import { writeCapture } from './support/captures.ts';
import { median } from './support/measure.ts';

const RUNS = 12;
const PACKETS = 200;

const ACTIVE = /is now active and listening\.$/;

/** Start-up ends with work that waits for the first idle seconds. */
const SETTLE_MS = 5_000;
const IDLE_MS = 60_000;

/** Clock ticks a second in /proc/PID/stat; 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

const isIdle = process.argv[2] === 'idle';
const programs = process.argv.slice(isIdle ? 3 : 2).map((argument) => argument.split(':'));
const folder = mkdtempSync(join(tmpdir(), 'portsentry-bench-'));
const lab = await createLab({ name: 'start' });
try {
  configure(lab.victim, 'BLOCK_METHOD="auto"\nKILL_ROUTE=""\nKILL_ROUTE6=""');
  await (isIdle ? compareIdle() : compareTimes());
} finally {
  await lab.close();
  rmSync(folder, { recursive: true });
}

async function compareTimes(): Promise<void> {
  const capture = join(folder, 'capture.pcap');
  await writeCapture(capture, scan());
  const commands = { '--version': [0], status: [69], check: [0], replay: [0, capture] } as const;
  for (const [name, [code, ...args]] of Object.entries(commands))
    await compare(name, (program) => timeOf(program, [name, ...args], code));
  await compare('live start', timeOfStart);
}

/** A row of medians in ms, and what each is of the first program's. */
async function compare(
  what: string,
  measure: (program: readonly string[]) => Promise<number>,
): Promise<void> {
  const times = programs.map((): number[] => []);
  for (let run = 0; run < RUNS; run++) {
    for (const [index, program] of programs.entries()) times[index]?.push(await measure(program));
  }
  const medians = times.map(median);
  const shown = medians.map((ms) => `${ms.toFixed(0)} (${(ms / (medians[0] as number)).toFixed(2)})`);
  console.log(`  ${what}: ${shown.join(', ')}`);
}

/** The program runs on the victim, where no daemon answers. */
async function timeOf(program: readonly string[], args: readonly string[], code: number): Promise<number> {
  const begun = performance.now();
  const outcome = await lab.run(lab.victim, [...program, ...args]);
  const ms = performance.now() - begun;
  if (outcome.code !== code) throw new Error(`${program} ${args}: ${outcome.stderr}`);
  return ms;
}

async function timeOfStart(program: readonly string[]): Promise<number> {
  const begun = performance.now();
  const detector = await start(program);
  const ms = performance.now() - begun;
  await detector.stop();
  return ms;
}

async function start(program: readonly string[]): Promise<LabProcess> {
  const detector = await lab.start(lab.victim, [...program, '-atcp', '-audp', '-lstdout']);
  await detector.waitForLine(ACTIVE);
  return detector;
}

async function compareIdle(): Promise<void> {
  for (const program of programs) {
    const detector = await start(program);
    await delay(SETTLE_MS);
    const pids = [detector.pid, captureOf(detector) as number];
    const before = pids.map(cpuTicksOf);
    await delay(IDLE_MS);
    const seconds = pids.map(
      (pid, index) => (cpuTicksOf(pid) - (before[index] as number)) / TICKS_PER_SECOND,
    );
    const memory = (field: string) => sum(pids.map((pid) => mebibytes(pid, field)));
    console.log(
      `  ${program.join(' ')}: ${seconds.map((each) => each.toFixed(2)).join(' + ')} s of processor time in 60 s, ` +
        `Pss ${memory('Pss')}, anonymous ${memory('Anonymous')} MiB`,
    );
    await detector.stop();
  }
}

function sum(values: readonly number[]): string {
  const total = values.reduce((all, value) => all + value, 0);
  return `${values.map((value) => value.toFixed(1)).join(' + ')} = ${total.toFixed(1)}`;
}

function mebibytes(pid: number, field: string): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(new RegExp(`^${field}: +(\\d+) kB`, 'm').exec(text)?.[1]) / 1024;
}

/** A SYN to each of 200 ports. */
function* scan(): Generator<{ frame: Uint8Array; time: number }> {
  for (let port = 1; port <= PACKETS; port++) {
    const ends = { source: '192.0.2.1', destination: '10.0.0.2', destinationPort: port };
    yield { frame: ethernet(tcpPacket({ ...ends, flags: SYN })), time: port * 10 };
  }
}
