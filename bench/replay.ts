/**
 * Measures how fast captures are replayed by the bundle, with the start of Node, as a ratio to
 * `tcpdump -r F -w /dev/null` in turns with it: by the wall, and by processor time, which other work on the machine changes
 * less. Also what an event costs as a line of JSON, and the most memory. Arguments: the programs of Node to measure
 * with; without any, the one that runs this.
 */

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { honestTraffic, manyHosts, synScan, writeCapture } from './support/captures.ts';
import { median } from './support/measure.ts';
import { mixedTraffic } from './support/mixed-traffic.ts';

const RUNS = 9;
const MIX_OCTETS = 210e6;
/** How often memory is looked at; the kernel remembers the peak. */
const LOOK_EVERY_MS = 5;
/** bash writes seconds by the wall, of the program and of the kernel for it. */
const TIME = 'TIMEFORMAT="%3R %3U %3S"; time "$@" > /dev/null 2>&1';

/** What commands took, in ms. */
interface Times {
  readonly wall: number[];
  readonly processor: number[];
}

const nodes = process.argv.length > 2 ? process.argv.slice(2) : [process.execPath];
const folder = mkdtempSync(join(tmpdir(), 'portsentry-bench-'));
try {
  const path = join(folder, 'capture.pcap');
  console.log(`whole processes, medians of ${RUNS} in turns: ms by the wall (ms of processor time)`);
  for (const node of nodes) console.log(`  ${nameOf(node)}: its start alone ${shown(startOf(node))}`);
  await measure('a mix of 210 MB', path, await writeCapture(path, mixedTraffic(MIX_OCTETS)));
  await measure('a million SYNs from 10,000 sources', path, await writeCapture(path, synScan()));
  await measure('a million honest packets', path, await writeCapture(path, honestTraffic()));
  await writeCapture(path, manyHosts());
  await showPeaks('more hosts than any table has room for', path);
} finally {
  rmSync(folder, { recursive: true });
}

async function measure(name: string, path: string, packets: number): Promise<void> {
  const [tcpdump, read] = [newTimes(), newTimes()];
  const replays = nodes.map((node) => ({ node, none: newTimes(), json: newTimes() }));
  for (let run = 0; run < RUNS; run++) {
    time(tcpdump, 'tcpdump', ['-Z', 'root', '-r', path, '-w', '/dev/null']);
    time(read, 'dd', [`if=${path}`, 'of=/dev/null', 'bs=256k']);
    for (const { node, none, json } of replays) {
      time(none, node, replay('none', path));
      time(json, node, replay('json', path));
    }
  }
  console.log(`  ${name}: ${packets} packets, ${(statSync(path).size / 1e6).toFixed(0)} MB`);
  console.log(`    tcpdump ${shown(tcpdump)}; to read the file ${shown(read)}`);
  for (const { node, none, json } of replays) {
    const events = countEvents(node, path);
    const peak = (await peakBytes(node, replay('json', path))) / 2 ** 20;
    console.log(
      `    ${nameOf(node)}: --format none ${shown(none)}, ${ratio(tcpdump, none)} of tcpdump's speed; --format json ` +
        `${shown(json)}, ${costOf(events, none, json)}; peak ${peak.toFixed(0)} MiB`,
    );
  }
}

async function showPeaks(name: string, path: string): Promise<void> {
  console.log(`  ${name}: ${(statSync(path).size / 1e6).toFixed(0)} MB`);
  for (const node of nodes) {
    const peaks: string[] = [];
    for (const format of ['none', 'json'])
      peaks.push(
        `--format ${format} ${((await peakBytes(node, withSummary(format, path))) / 1e6).toFixed(0)} MB`,
      );
    console.log(`    ${nameOf(node)}, with a summary: peak with ${peaks.join(', with ')}`);
  }
}

function newTimes(): Times {
  return { wall: [], processor: [] };
}

/** Runs a program to its end. Throws if it fails. */
function time(times: Times, command: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync('bash', ['-c', TIME, 'time', command, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
    // What a user's shell does at its start takes time, too.
    env: { ...process.env, BASH_ENV: '' },
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: exit code ${status}`);
  const [wall = Number.NaN, user = Number.NaN, system = Number.NaN] = stderr.trim().split(' ').map(Number);
  times.wall.push(wall * 1_000);
  times.processor.push((user + system) * 1_000);
}

function startOf(node: string): Times {
  const times = newTimes();
  for (let run = 0; run < RUNS; run++) time(times, node, ['-e', '0']);
  return times;
}

function nameOf(node: string): string {
  return `Node ${spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim()}`;
}

function shown({ wall, processor }: Times): string {
  return `${median(wall).toFixed(0)} (${median(processor).toFixed(0)})`;
}

function ratio(one: Times, other: Times): string {
  const byProcessor = median(one.processor) / median(other.processor);
  return `${(median(one.wall) / median(other.wall)).toFixed(2)} (${byProcessor.toFixed(2)})`;
}

/** What an event costs as JSON. */
function costOf(events: number, none: Times, json: Times): string {
  if (events === 0) return 'no events';
  const more = (one: number[], other: number[]) =>
    (((median(other) - median(one)) * 1_000) / events).toFixed(1);
  return `${events} events, ${more(none.wall, json.wall)} (${more(none.processor, json.processor)}) us for each`;
}

function replay(format: string, path: string): string[] {
  return ['build/bundle/main.js', 'replay', '--no-summary', '--format', format, path];
}

function withSummary(format: string, path: string): string[] {
  return ['build/bundle/main.js', 'replay', '--format', format, path];
}

function countEvents(node: string, path: string): number {
  const output = `${path}.json`;
  const file = openSync(output, 'w');
  spawnSync(node, replay('json', path), { stdio: ['ignore', file, 'inherit'] });
  closeSync(file);
  const lines = spawnSync('wc', ['-l', output], { encoding: 'utf8' }).stdout;
  rmSync(output);
  return Number.parseInt(lines, 10);
}

async function peakBytes(node: string, args: readonly string[]): Promise<number> {
  const child = spawn(node, args, { stdio: 'ignore' });
  const ended = once(child, 'exit');
  let peak = 0;
  while (child.exitCode === null) {
    peak = Math.max(peak, peakOf(child.pid as number));
    await Promise.race([ended, setTimeout(LOOK_EVERY_MS)]);
  }
  return peak;
}

function peakOf(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1_024;
  } catch {
    return 0;
  }
}
