/** Replays captures without a watched port with two programs in turns; see bench/compare. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { honestTraffic, PACKETS, synScan, writeCapture } from './support/captures.ts';
import { median, timeCommand } from './support/measure.ts';

const RUNS = 15;

/** How often a run replays the capture. The difference between both runs contains no start-up and no compilation. */
const FEW = 2;
const MANY = 14;

const [, , reference = '', name = ''] = process.argv;
const folder = mkdtempSync(join(tmpdir(), 'portsentry-bench-'));
try {
  const path = join(folder, 'capture.pcap');
  console.log(`decoding, median of ${RUNS}, with ${name} and with this program`);
  await writeCapture(path, synScan());
  compare('SYNs', path);
  await writeCapture(path, honestTraffic(), 96);
  compare('honest traffic, cut to 96 octets', path);
} finally {
  rmSync(folder, { recursive: true });
}

function compare(what: string, path: string): void {
  const before: number[] = [];
  const now: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    before.push(nsPerFrame(reference, path));
    now.push(nsPerFrame('dist/main.js', path));
  }
  const [old, current] = [median(before), median(now)];
  console.log(
    `  ${what}: ${old.toFixed(1)} ns a frame before, ${current.toFixed(1)} now: ${(old / current).toFixed(3)} of the speed`,
  );
}

function nsPerFrame(program: string, path: string): number {
  const ms = msToDecode(program, path, MANY) - msToDecode(program, path, FEW);
  return (ms * 1e6) / ((MANY - FEW) * PACKETS);
}

/** Measured by the program's own clock. */
function msToDecode(program: string, path: string, times: number): number {
  const options = ['--format', 'none', '--no-infer-open', '--mode', 'sudp'];
  const files = Array<string>(times).fill(path);
  const { stderr } = timeCommand(process.execPath, [program, 'replay', ...options, ...files]);
  return (times * PACKETS * 1_000) / Number(/^packets per second +(\d+)$/m.exec(stderr)?.[1]);
}
