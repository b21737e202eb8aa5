/**
 * Measures how fast captures are replayed, in packets a second and as a ratio to `tcpdump -r F -w /dev/null` of the same
 * run: by the program's own clock, without its start (tcpdump has no such clock), and by the wall clock, with the start of
 * both.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { honestTraffic, PACKETS, synScan, writeCapture } from './support/captures.ts';
import { median, shown, timeCommand } from './support/measure.ts';

const RUNS = 5;

const folder = mkdtempSync(join(tmpdir(), 'portsentry-bench-'));
try {
  const path = join(folder, 'capture.pcap');
  console.log(`replay of ${PACKETS} packets, median of ${RUNS}; ratios to tcpdump -r F -w /dev/null`);
  writeCapture(path, synScan());
  compare('SYNs from 10,000 sources', path);
  writeCapture(path, honestTraffic());
  compare('honest traffic', path);
  writeCapture(path, honestTraffic(), 96);
  compare('honest traffic, cut to 96 octets', path);
} finally {
  rmSync(folder, { recursive: true });
}

function compare(name: string, path: string): void {
  const own: number[] = [];
  const wall: number[] = [];
  const tcpdump: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    tcpdump.push(rate(timeCommand('tcpdump', ['-Z', 'root', '-r', path, '-w', '/dev/null']).ms));
    const { ms, stderr } = timeCommand(process.execPath, [
      'dist/main.js',
      'replay',
      '--format',
      'none',
      path,
    ]);
    wall.push(rate(ms));
    own.push(Number(/^packets per second +(\d+)$/m.exec(stderr)?.[1]));
  }
  const base = median(tcpdump);
  console.log(
    `  ${name}: ${shown(median(own))} by its own clock (${shown(median(own) / base)}), ` +
      `${shown(median(wall))} by the wall (${shown(median(wall) / base)}); tcpdump ${shown(base)}`,
  );
}

function rate(ms: number): number {
  return PACKETS / (ms / 1000);
}
