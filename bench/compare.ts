/** Replays captures of which no port is watched with two programs in turns; see bench/compare. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { honestTraffic, PACKETS, synScan, writeCapture } from './support/captures.ts';
import { median, shown, timeCommand } from './support/measure.ts';

const RUNS = 15;

/** The capture is named so often in a run: start-up counts for little then. */
const TIMES = 6;

const [, , before = '', name = ''] = process.argv;
const folder = mkdtempSync(join(tmpdir(), 'portsentry-bench-'));
try {
  const path = join(folder, 'capture.pcap');
  console.log(`decoding ${TIMES * PACKETS} packets, median of ${RUNS}, with ${name} and with this program`);
  writeCapture(path, synScan());
  compare('SYNs', path);
  writeCapture(path, honestTraffic(), 96);
  compare('honest traffic, cut to 96 octets', path);
} finally {
  rmSync(folder, { recursive: true });
}

function compare(what: string, path: string): void {
  const rates: Record<'before' | 'now', number[]> = { before: [], now: [] };
  for (let run = 0; run < RUNS; run++) {
    rates.before.push(decodeRate(before, path));
    rates.now.push(decodeRate('dist/main.js', path));
  }
  const [old, now] = [median(rates.before), median(rates.now)];
  console.log(`  ${what}: ${shown(old)} before, ${shown(now)} now: ${(now / old).toFixed(3)}`);
}

function decodeRate(program: string, path: string): number {
  const options = ['--format', 'none', '--no-infer-open', '--mode', 'sudp'];
  const { stderr } = timeCommand(process.execPath, [
    program,
    'replay',
    ...options,
    ...Array(TIMES).fill(path),
  ]);
  return Number(/^packets per second +(\d+)$/m.exec(stderr)?.[1]);
}
