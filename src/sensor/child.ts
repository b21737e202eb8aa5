/**
 * The capture process: opens the devices, gives up root, decodes, and hands over what may be a probe. It knows
 * no policy. It ends when its standard input does, so it never outlives the main process; and it may be killed
 * at any time, for it holds nothing that is not also in the kernel's rings.
 */
import { writeFileSync } from 'node:fs';
import { LINKTYPE_ETHERNET } from '../capture/link-type.ts';
import { type LiveDevice, openLive } from '../capture/live.ts';
import { isOpenPortAnswer } from '../classify/answer.ts';
import { classify, fillProbe } from '../classify/classify.ts';
import { Kind } from '../classify/kind.ts';
import { Probe } from '../classify/probe.ts';
import { runAsUsual } from '../commands/usual-priority.ts';
import { Packet } from '../decode/packet.ts';
import { PacketReader } from '../decode/packet-reader.ts';
import { REASON_COUNT, Reason } from '../decode/reason.ts';
import { EXIT_NO_PERMISSION, EXIT_UNAVAILABLE, HANDOVER_FD, NOBODY, parseChildPlan } from './child-plan.ts';
import { Outbox } from './outbox.ts';
import { RECORD_LENGTH, writeAnswer, writeCount, writeProbe, writeReady } from './record-format.ts';
import { WARM_UP_FRAMES, warmUpFrame } from './warm-up-frame.ts';

/** So many records are a scanner's, and wait no longer than they must; more are a flood's, and may wait a ms. */
const FEW_RECORDS = 8;

/** How often (ms) the counts are handed over. */
const COUNT_INTERVAL = 1_000;

/** How long (ms) a child that is told to end still takes what its rings hold. */
const DRAIN_TIME = 50;

// The reader is gone when a write fails: there is nobody left to work for.
const now = () => performance.now();
const gone = () => process.exit(0);
const outbox = new Outbox(HANDOVER_FD, now, gone);
/** For what does not wait. */
const express = new Outbox(HANDOVER_FD, now, gone);
const reader = new PacketReader(true, new Packet());
const { packet } = reader;
const probe = new Probe();
/** Held for as long as they are open: the binding holds nothing of them. */
const open: LiveDevice[] = [];
const counts = new Float64Array(REASON_COUNT);
const countsTold = new Float64Array(REASON_COUNT);
let flushPlanned = false;

process.title = 'portsentry-capture';
// Before others it would be woken for each packet, and read a flood one by one, which costs it half as much again, and
// more of it is lost (bench/live.ts).
runAsUsual();
let input = '';
let started = false;
process.stdin.setEncoding('utf8');
process.stdin.on('data', (text: string) => {
  input += text;
  if (started || !input.includes('\n')) return;
  started = true;
  start(input.slice(0, input.indexOf('\n')));
});
process.stdin.on('end', () => setTimeout(end, DRAIN_TIME));

function start(line: string): void {
  const { devices } = parseChildPlan(line);
  warmUp();
  for (const [index, { name, filter, ringBytes }] of devices.entries()) {
    try {
      const device: LiveDevice = openLive(name, filter, ringBytes, (view, length) => {
        takeFrame(view, length, device.linkType, index);
      });
      open.push(device);
    } catch (error) {
      fail(name, error);
    }
  }
  giveUpRoot();
  writeReady(outbox.view, outbox.offset);
  commit();
  setInterval(tellCounts, COUNT_INTERVAL);
}

/**
 * Before the first real frame comes, so that nobody scans while V8 reads and compiles what it runs for the first time.
 * What is handed over for it goes the same way, and ends in the main process, for it is to none of our addresses.
 */
function warmUp(): void {
  const frame = warmUpFrame();
  for (let time = 0; time < WARM_UP_FRAMES; time++) takeFrame(frame, frame.byteLength, LINKTYPE_ETHERNET, 0);
  outbox.flush();
  counts.fill(0);
}

/** The last word: what was captured in all. */
function end(): void {
  tellCounts();
  outbox.flush();
  process.exit(0);
}

/** One line, and the exit code that the main process tells on. */
function fail(device: string, error: unknown): never {
  const text = error instanceof Error ? error.message : String(error);
  const code = /permission|not permitted/i.test(text) ? EXIT_NO_PERMISSION : EXIT_UNAVAILABLE;
  writeFileSync(process.stderr.fd, `${device}: ${text.replace(/\s+/g, ' ').trim()}\n`);
  process.exit(code);
}

/** For good: all three user ids, the groups, and with them every capability. */
function giveUpRoot(): void {
  if (process.geteuid?.() !== 0) return;
  process.chdir('/');
  process.setgroups?.([]);
  process.setgid?.(NOBODY);
  process.setuid?.(NOBODY);
}

function takeFrame(view: DataView, length: number, linkType: number, device: number): void {
  packet.time = Date.now();
  let reason = reader.read(view, 0, length, length, linkType);
  if (reason === Reason.fragment) reason = reader.join(view);
  if (reason === Reason.none) {
    const kind = classify(packet);
    if (kind !== Kind.none) reason = reader.verify(view);
    if (kind !== Kind.none && reason === Reason.none) hand(kind, device);
    else if (kind === Kind.none && isOpenPortAnswer(packet)) handAnswer();
  }
  counts[reason] = (counts[reason] as number) + 1;
}

function hand(kind: Kind, device: number): void {
  fillProbe(probe, packet, kind);
  writeProbe(outbox.view, outbox.offset, probe, device);
  commit();
}

/** Overtakes the SYN that it answers. */
function handAnswer(): void {
  writeAnswer(express.view, express.offset, packet);
  express.commit();
  express.flush();
}

function commit(): void {
  if (!outbox.commit() || flushPlanned) return;
  planFlush();
}

/** No timer is as short as a record waits; but to ask again and again would take a whole core in a flood. */
function planFlush(): void {
  flushPlanned = true;
  if (outbox.offset <= FEW_RECORDS * RECORD_LENGTH) setImmediate(flushDue);
  else setTimeout(flushDue, 1);
}

function flushDue(): void {
  flushPlanned = false;
  if (outbox.flushDue()) planFlush();
}

function tellCounts(): void {
  for (let reason = 0; reason < REASON_COUNT; reason++) {
    const count = counts[reason] as number;
    if (count === countsTold[reason]) continue;
    countsTold[reason] = count;
    writeCount(outbox.view, outbox.offset, reason, count);
    commit();
  }
}
