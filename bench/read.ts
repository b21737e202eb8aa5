/**
 * Measures how fast a capture file is read: frames a second of our reader, of pcap-parser and of
 * `tcpdump -r F -w /dev/null`, each the median of five runs in turns.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { openCaptureFile } from '../src/capture/file/open.ts';

const FRAMES = 1_000_000;
const FRAME_LENGTH = 60;
const RUNS = 5;

/** The two events that are used here; the package has no types. */
interface PcapParser {
  parse(path: string): { on(event: 'packet' | 'end', listener: () => void): void };
}

const folder = mkdtempSync(join(tmpdir(), 'portsentry-bench-'));
try {
  const path = join(folder, 'frames.pcap');
  writeCapture(path);
  await compare(path);
} finally {
  rmSync(folder, { recursive: true });
}

function writeCapture(path: string): void {
  const recordLength = 16 + FRAME_LENGTH;
  const file = Buffer.alloc(24 + FRAMES * recordLength);
  file.writeUInt32LE(0xa1b2c3d4, 0);
  file.writeUInt16LE(2, 4);
  file.writeUInt16LE(4, 6);
  file.writeUInt32LE(262_144, 16);
  file.writeUInt32LE(1, 20);
  for (let frame = 0; frame < FRAMES; frame++) {
    const position = 24 + frame * recordLength;
    file.writeUInt32LE(1_700_000_000 + Math.floor(frame / 100_000), position);
    file.writeUInt32LE((frame % 100_000) * 10, position + 4);
    file.writeUInt32LE(FRAME_LENGTH, position + 8);
    file.writeUInt32LE(FRAME_LENGTH, position + 12);
  }
  writeFileSync(path, file);
}

async function compare(path: string): Promise<void> {
  const readers = { portsentry: readOurs, 'pcap-parser': readPcapParser, tcpdump: readTcpdump };
  const rates = new Map<string, number[]>();
  for (let run = 0; run < RUNS; run++) {
    for (const [name, read] of Object.entries(readers)) {
      const start = performance.now();
      await read(path);
      const rate = FRAMES / ((performance.now() - start) / 1000);
      rates.set(name, [...(rates.get(name) ?? []), rate]);
    }
  }
  const tcpdump = median(rates.get('tcpdump') ?? []);
  for (const [name, all] of rates) {
    const rate = median(all);
    const ratio = (rate / tcpdump).toFixed(2);
    console.log(`${name.padEnd(12)} ${(rate / 1e6).toFixed(1).padStart(6)} M frames/s, ${ratio} of tcpdump`);
  }
}

async function readOurs(path: string): Promise<void> {
  const file = await openCaptureFile(path, () => Readable.from([]));
  const source = file.read();
  let frames = 0;
  for (let batch = await source.next(); batch !== null; batch = await source.next()) frames += batch.count;
  source.close();
  file.close();
  expectAll(frames);
}

async function readPcapParser(path: string): Promise<void> {
  const { parse } = createRequire(import.meta.url)('pcap-parser') as PcapParser;
  let frames = 0;
  await new Promise<void>((resolve) => {
    const parser = parse(path);
    parser.on('packet', () => frames++);
    parser.on('end', resolve);
  });
  expectAll(frames);
}

function readTcpdump(path: string): void {
  // Without -Z, Debian's tcpdump gives the file that it writes to a user of its own: /dev/null, too.
  const { status, stderr } = spawnSync('tcpdump', ['-Z', 'root', '-r', path, '-w', '/dev/null'], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`tcpdump: ${stderr}`);
}

function expectAll(frames: number): void {
  if (frames !== FRAMES) throw new Error(`read ${frames} frames of ${FRAMES}`);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}
