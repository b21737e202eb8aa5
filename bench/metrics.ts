/**
 * Measures what the metrics cost: a probe and a scan that are counted, the text, and how late timers of this process are
 * while eight clients ask for the text as fast as they can, from another process. Needs no root. Arguments: two programs
 * (dist/main.js) whose replays of a million SYNs are compared, in turns.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { MetricsText } from '../src/daemon/metrics-text.ts';
import { formatMetrics } from '../src/metrics/exposition.ts';
import { familiesOf, NOTHING_SHARED, type Readings } from '../src/metrics/families.ts';
import { MetricsServer } from '../src/metrics/server.ts';
import { BlockCounts } from '../src/respond/block-counts.ts';
import { ProbeCounts } from '../src/track/probe-counts.ts';
import { synScan, writeCapture } from './support/captures.ts';
import { median } from './support/measure.ts';

const RUNS = 7;
const CALLS = 5_000_000;
const TEXTS = 1_000;
const SCRAPE_TIME_MS = 3_000;
const CLIENTS = 8;

/** Asks again and again, and at its end says how often it was answered. */
const ASKS = `
const { get } = require('node:http');
const [port, clients] = process.argv.slice(1).map(Number);
let count = 0;
const ask = () => get({ port, host: '127.0.0.1', path: '/metrics', agent: false }, (response) => {
  count++;
  response.resume().on('end', ask);
}).on('error', ask);
for (let client = 0; client < clients; client++) ask();
setTimeout(() => { count = 0; console.log('asking'); }, 300);
process.on('SIGTERM', () => { process.stdout.write(String(count), () => process.exit(0)); });
`;

const probes = new ProbeCounts();
const readings: Omit<Readings, 'held'> = {
  version: '3.0.0',
  node: process.versions.node,
  startTime: 0,
  modes: ['atcp', 'audp'],
  reports: new Map(),
  reportsLost: 0,
  probes,
  blocks: new BlockCounts(),
  blocked: { ipv4: 0, ipv6: 0 },
  blocksDue: 0,
  sources: 0,
  actions: 0,
  breakerOpen: false,
  lists: [],
  share: NOTHING_SHARED,
  sensorUp: true,
  memory: 0,
  cpuTime: 0,
};
const NOBODY = { ipv4: 0, ipv6: 0 };

console.log(`a counted probe: ${timeOf(CALLS, (call) => probes.addProbe(call % 15, 2)).toFixed(1)} ns`);
console.log(`a counted scan: ${timeOf(CALLS, () => probes.addScan('single', null)).toFixed(1)} ns`);
const textNs = timeOf(TEXTS, () => formatMetrics(familiesOf({ ...readings, held: NOBODY })));
console.log(`the text: ${(textNs / 1e6).toFixed(3)} ms`);
await scrape();
if (process.argv.length === 4) await compareReplays(process.argv.slice(2) as [string, string]);

/** Nanoseconds of processor time of one call, the median of RUNS. */
function timeOf(calls: number, call: (index: number) => unknown): number {
  const runs = Array.from({ length: RUNS }, () => {
    const before = process.cpuUsage();
    for (let index = 0; index < calls; index++) call(index);
    const { user, system } = process.cpuUsage(before);
    return ((user + system) * 1_000) / calls;
  });
  return median(runs);
}

async function scrape(): Promise<void> {
  const text = new MetricsText({
    read: () => readings,
    held: async () => NOBODY,
    now: () => performance.now(),
  });
  const server = await MetricsServer.open({ host: '127.0.0.1', port: 0 }, { text: () => text.read() });
  const late = async () => {
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const before = process.cpuUsage();
    await setTimeout(SCRAPE_TIME_MS);
    delay.disable();
    const { user, system } = process.cpuUsage(before);
    const share = ((user + system) / 1_000 / SCRAPE_TIME_MS) * 100;
    return `timers late by ${(delay.percentile(99) / 1e6 - 1).toFixed(1)} ms (99 %), ${share.toFixed(0)} % of a processor`;
  };
  console.log(`nobody asks: ${await late()}`);
  const client = spawn(process.execPath, ['-e', ASKS, String(server.address?.port), String(CLIENTS)]);
  await once(client.stdout, 'data');
  console.log(`${CLIENTS} clients ask as fast as they can: ${await late()}`);
  const counted = once(client.stdout, 'data');
  client.kill('SIGTERM');
  const [answers] = await counted;
  console.log(`  answers a second: ${Math.round(Number(answers) / (SCRAPE_TIME_MS / 1_000))}`);
  await server.close();
}

/** Processor time of a replay, which other work on the machine changes less than the time by the wall. */
async function compareReplays(programs: readonly [string, string]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'portsentry-bench-'));
  try {
    const path = join(folder, 'capture.pcap');
    const packets = await writeCapture(path, synScan());
    for (const format of ['none', 'json']) {
      const times = programs.map(() => [] as number[]);
      for (let run = 0; run < RUNS; run++)
        for (const [index, program] of programs.entries())
          times[index]?.push(processorMs(program, format, path));
      const [before, after] = times.map(median) as [number, number];
      console.log(
        `replay of ${packets} SYNs, --format ${format}, processor time: ${before} ms before, ${after} ms now (${(after / before).toFixed(3)})`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function processorMs(program: string, format: string, path: string): number {
  const script = 'TIMEFORMAT="%3U %3S"; time "$@" > /dev/null 2>&1';
  const args = [
    process.execPath,
    program,
    'replay',
    '--mode',
    'atcp',
    '--format',
    format,
    '--no-summary',
    path,
  ];
  const { stderr } = spawnSync('bash', ['-c', script, 'bash', ...args], { encoding: 'utf8' });
  const [user = 0, system = 0] = stderr.trim().split(' ').map(Number);
  return Math.round((user + system) * 1_000);
}
