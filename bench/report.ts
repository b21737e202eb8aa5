/**
 * Measures `portsentry report` over a week of ten million events: time, events a second and peak memory, as text and as a
 * page. The week is as logrotate leaves it, a file a day, of which all but the last two are compressed. With the built
 * program. Arguments give another number of events, and a folder where the week stays for another run.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { PROGRAM } from '../test/support/detector.ts';
import { geoFiles, type Truth, writeWeek } from '../test/support/event-week.ts';

/** The generator leaves out a tenth: a source that still scans does not begin again. */
const EVENTS = Number(process.argv[2] ?? 11_300_000);
const BEGIN = Date.parse('2026-11-23T00:00:00Z');
const DAY_MS = 86_400_000;
const DAYS = 7;
const PLAIN_DAYS = 2;
const PIECE_CHARS = 8_388_608;
const LOOK_INTERVAL_MS = 50;

/** Clock ticks a second in /proc/PID/stat; 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

let lastDay = '';
let lastTime = 0;

const kept = process.argv[3];
const folder = kept ?? mkdtempSync(join(tmpdir(), 'portsentry-bench-'));
try {
  const { events, probes, scans, blocks, sources, bytes } = theWeek();
  for (const [name, content] of Object.entries(geoFiles())) writeFileSync(join(folder, name), content);
  writeFileSync(join(folder, 'conf'), `EVENT_FILE="${join(folder, 'events')}"\nGEOIP_DB="${folder}"\n`);
  console.log(
    `a week of ${events} events, ${(bytes / 1e6).toFixed(0)} MB in ${DAYS} files, of which ${DAYS - PLAIN_DAYS} are compressed: ${probes} probes of ${sources} sources, ${scans} scans, ${blocks} blocks`,
  );
  await measure('text', [], events);
  await measure('page', ['--html', join(folder, 'page.html')], events);
  console.log(`    the page has ${(statSync(join(folder, 'page.html')).size / 1024).toFixed(0)} KiB`);
  const json = JSON.parse(await measure('json', ['--json'], events)) as Record<string, unknown>;
  const isSame = json.probes === probes && json.scans === scans && json.events === events;
  console.log(`    probes, scans and events are those that were sent: ${isSame ? 'yes' : 'no'}`);
} finally {
  if (kept === undefined) rmSync(folder, { recursive: true });
}

/** What is in the files. */
interface Week {
  readonly events: number;
  readonly probes: number;
  readonly scans: number;
  readonly blocks: number;
  readonly sources: number;
  readonly bytes: number;
}

/** Writes the files, unless an earlier run left them. */
function theWeek(): Week {
  const note = join(folder, 'week');
  if (existsSync(note)) return JSON.parse(readFileSync(note, 'utf8')) as Week;
  mkdirSync(folder, { recursive: true });
  const { truth, bytes } = writeFiles();
  const { events, probes, scans, blocks, sources } = truth;
  const week = { events, probes, scans, blocks, sources: sources.size, bytes };
  writeFileSync(note, JSON.stringify(week));
  return week;
}

/** Writes the files and returns what is in them. */
function writeFiles(): { truth: Truth; bytes: number } {
  let day = -1;
  let descriptor = -1;
  let bytes = 0;
  let piece = '';
  const flush = () => {
    if (piece === '') return;
    const content = Buffer.from(piece);
    const written = day < DAYS - PLAIN_DAYS ? gzipSync(content, { level: 1 }) : content;
    bytes += writeSync(descriptor, written);
    piece = '';
  };
  const truth = writeWeek(EVENTS, BEGIN, (line) => {
    const now = Math.min(DAYS - 1, Math.floor((timeOf(line) - BEGIN) / DAY_MS));
    if (now > day) {
      flush();
      if (descriptor >= 0) closeSync(descriptor);
      day = now;
      descriptor = openSync(join(folder, nameOf(day)), 'w');
    }
    piece += `${line}\n`;
    if (piece.length >= PIECE_CHARS) flush();
  });
  flush();
  closeSync(descriptor);
  return { truth, bytes };
}

/** The hour is enough, and Date.parse for each line is not needed. */
function timeOf(line: string): number {
  const from = line.indexOf('"@timestamp":"') + '"@timestamp":"'.length;
  const text = line.slice(from, from + 'YYYY-MM-DD'.length);
  if (text !== lastDay) {
    lastDay = text;
    lastTime = Date.parse(`${text}T00:00:00Z`);
  }
  return lastTime;
}

function nameOf(day: number): string {
  const age = DAYS - 1 - day;
  return age === 0 ? 'events' : `events.${age}${day < DAYS - PLAIN_DAYS ? '.gz' : ''}`;
}

/** Runs the report, prints what it took, and returns its output. */
async function measure(name: string, options: readonly string[], events: number): Promise<string> {
  const begun = performance.now();
  const child = spawn(process.execPath, [PROGRAM, 'report', '-c', join(folder, 'conf'), ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  let peakKib = 0;
  let seconds = 0;
  const look = setInterval(() => {
    peakKib = Math.max(peakKib, peakOf(child));
    seconds = Math.max(seconds, secondsOf(child));
  }, LOOK_INTERVAL_MS);
  const code = await new Promise((resolve) => child.once('close', resolve));
  clearInterval(look);
  const ms = performance.now() - begun;
  if (code !== 0) throw new Error(`report ended with ${code}`);
  console.log(
    `  ${name}: ${(ms / 1000).toFixed(1)} s (${seconds.toFixed(1)} s of processor time), ${Math.round(events / (ms / 1000))} events/s, peak ${(peakKib / 1024).toFixed(0)} MiB`,
  );
  return output;
}

function peakOf({ pid }: ChildProcess): number {
  return Number(/^VmHWM:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0);
}

function secondsOf({ pid }: ChildProcess): number {
  const fields = read(`/proc/${pid}/stat`)
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / TICKS_PER_SECOND;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
