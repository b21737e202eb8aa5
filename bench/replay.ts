/**
 * Measures how fast captures are replayed by the wall, with the start of Node, as a ratio to `tcpdump -r F -w /dev/null` in
 * turns with it; what an event costs as a line of JSON; and the most memory.
 */

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { honestTraffic, synScan, writeCapture } from './support/captures.ts';
import { median, timeCommand } from './support/measure.ts';
import { mixedTraffic } from './support/mixed-traffic.ts';

const RUNS = 9;
const MIX_OCTETS = 210e6;
/** How often memory is looked at; the kernel remembers the peak. */
const LOOK_EVERY_MS = 5;

const folder = mkdtempSync(join(tmpdir(), 'portsentry-bench-'));
try {
  const path = join(folder, 'capture.pcap');
  console.log(`whole processes by the wall, medians of ${RUNS} in turns, Node ${process.version}`);
  const node = median(Array.from({ length: RUNS }, () => timeCommand(process.execPath, ['-e', '0']).ms));
  console.log(`  Node's start alone: ${node.toFixed(0)} ms`);
  await measure('a mix of 210 MB', path, await writeCapture(path, mixedTraffic(MIX_OCTETS)));
  await measure('a million SYNs from 10,000 sources', path, await writeCapture(path, synScan()));
  await measure('a million honest packets', path, await writeCapture(path, honestTraffic()));
} finally {
  rmSync(folder, { recursive: true });
}

async function measure(name: string, path: string, packets: number): Promise<void> {
  const times = { tcpdump: [] as number[], read: [] as number[], none: [] as number[], json: [] as number[] };
  for (let run = 0; run < RUNS; run++) {
    times.tcpdump.push(timeCommand('tcpdump', ['-Z', 'root', '-r', path, '-w', '/dev/null']).ms);
    times.read.push(timeCommand('dd', [`if=${path}`, 'of=/dev/null', 'bs=256k']).ms);
    times.none.push(timeCommand(process.execPath, replay('none', path)).ms);
    times.json.push(timeCommand(process.execPath, replay('json', path)).ms);
  }
  const [tcpdump, read] = [median(times.tcpdump), median(times.read)];
  const [none, json] = [median(times.none), median(times.json)];
  const events = countEvents(path);
  const mib = (await peakBytes(path)) / 2 ** 20;
  console.log(`  ${name}: ${packets} packets, ${(statSync(path).size / 1e6).toFixed(0)} MB`);
  console.log(
    `    --format none: ${none.toFixed(0)} ms, ${(tcpdump / none).toFixed(2)} of tcpdump's speed ` +
      `(${tcpdump.toFixed(0)} ms); to read the file takes ${read.toFixed(0)} ms`,
  );
  const each = ((json - none) * 1_000) / events;
  console.log(`    --format json: ${json.toFixed(0)} ms, ${events} events, ${each.toFixed(1)} us for each`);
  console.log(`    peak with JSON: ${mib.toFixed(0)} MiB`);
}

function replay(format: string, path: string): string[] {
  return ['dist/main.js', 'replay', '--no-summary', '--format', format, path];
}

function countEvents(path: string): number {
  const output = `${path}.json`;
  const file = openSync(output, 'w');
  spawnSync(process.execPath, replay('json', path), { stdio: ['ignore', file, 'inherit'] });
  closeSync(file);
  const lines = spawnSync('wc', ['-l', output], { encoding: 'utf8' }).stdout;
  rmSync(output);
  return Number.parseInt(lines, 10);
}

async function peakBytes(path: string): Promise<number> {
  const child = spawn(process.execPath, replay('json', path), { stdio: 'ignore' });
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
