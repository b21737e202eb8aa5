/**
 * The sensor's process: opens the devices, gives up root, decodes, and hands over each packet that may be a probe. It
 * knows no policy. It ends when its standard input does, so it never outlives the main process. It may be killed at any
 * time, because it holds nothing but what the kernel's rings hold too.
 */
import { randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { describeMissing, missingCapabilities } from '../capture/capabilities.ts';
import { LINKTYPE_NFLOG } from '../capture/link-type.ts';
import { type LiveDevice, openLive } from '../capture/live.ts';
import { AnswerKind, LeftAnswer, readAnswer, readLeftAnswer } from '../classify/answer.ts';
import { classify, fillProbe } from '../classify/classify.ts';
import { Kind } from '../classify/kind.ts';
import { Probe } from '../classify/probe.ts';
import { nflogPrefix } from '../decode/link/nflog.ts';
import { Packet } from '../decode/packet.ts';
import { PacketReader } from '../decode/packet-reader.ts';
import { REASON_COUNT, Reason } from '../decode/reason.ts';
import {
  EXIT_NO_PERMISSION,
  EXIT_UNAVAILABLE,
  parseChildPlan,
  RECORDS_FD,
  REPORT_BUFFER_BYTES,
  type SensorAccount,
} from './child-plan.ts';
import { closeInherited, confine } from './confine.ts';
import { kindOfReport } from './kernel/report.ts';
import { isCounted, Rule, ruleOfPrefix } from './kernel/rule.ts';
import { monotonicMs } from './monotonic.ts';
import { Outbox } from './outbox.ts';
import {
  RECORD_LENGTH,
  writeAlive,
  writeAnswer,
  writeCount,
  writeProbe,
  writeReady,
} from './record-format.ts';
import { Returning } from './returning.ts';

/** Up to this many waiting records come from a scanner and go out at once; more come from a flood and may wait 1 ms. */
const FEW_RECORDS = 8;

/** How often a sign of life and the counts are handed over. */
const ALIVE_INTERVAL_MS = 1_000;

/**
 * What waits for the main process when reports come faster than it judges: two seconds of a flood of 50,000 a second. This
 * process must not wait for it then: the binding ends a process that lets the kernel's buffer of reports run over
 * (native-notes/kernel.md).
 */
const MAX_WAITING_BYTES = 100_000 * RECORD_LENGTH;

/** How long a sensor that must end still reads its rings. */
const DRAIN_TIME_MS = 50;

// When a write fails, the main process is gone.
const now = () => performance.now();
const exit = () => process.exit(0);
const outbox = new Outbox(RECORDS_FD, now, exit, MAX_WAITING_BYTES);
/** For records that must not wait. */
const urgentOutbox = new Outbox(RECORDS_FD, now, exit);
const returning = new Returning(randomInt(2 ** 32));
const reader = new PacketReader('received', new Packet());
const { packet } = reader;
const probe = new Probe();
const answer = new LeftAnswer();
/** Keeps the devices from the garbage collector; the binding holds no reference to them. */
const openDevices: LiveDevice[] = [];
const counts = new Float64Array(REASON_COUNT);
const countsSent = new Float64Array(REASON_COUNT);
let flushPlanned = false;
/** What the daemon's clock is ahead of `now`. */
let clockAheadMs = 0;

closeInherited();
process.title = 'portsentry-capture';
let input = '';
let started = false;
process.stdin.setEncoding('utf8');
process.stdin.on('data', (text: string) => {
  input += text;
  if (started || !input.includes('\n')) return;
  started = true;
  start(input.slice(0, input.indexOf('\n')));
});
process.stdin.on('end', () => setTimeout(end, DRAIN_TIME_MS));

function start(line: string): void {
  const { devices, group, clockBaseMs, account } = parseChildPlan(line);
  clockAheadMs = clockBaseMs + monotonicMs() - now();
  const missing = process.geteuid?.() === 0 ? missingCapabilities(TO_GIVE_UP_ROOT) : [];
  if (missing.length > 0) endWith(EXIT_NO_PERMISSION, `root cannot be given up: ${describeMissing(missing)}`);
  if (group !== null) openGroup(group);
  for (const [index, { name, filter, ringBytes }] of devices.entries()) {
    try {
      const device: LiveDevice = openLive(name, filter, ringBytes, (view, length) => {
        takeFrame(view, length, device.linkType, index);
      });
      openDevices.push(device);
    } catch (error) {
      fail(name, error);
    }
  }
  writeReady(outbox.view, outbox.offset, giveUpRights(account));
  commit();
  setInterval(sendSign, ALIVE_INTERVAL_MS);
}

/** Opens the group of the kernel's reports, which needs CAP_NET_ADMIN once. */
function openGroup(group: number): void {
  const name = `nflog:${group}`;
  try {
    openDevices.push(openLive(name, '', REPORT_BUFFER_BYTES, takeReport));
    // Nothing is written through it: a pipe that Node has opened does not block.
    new Socket({ fd: RECORDS_FD, readable: false }).on('error', exit).unref();
  } catch (error) {
    fail(name, error);
  }
}

/** A user namespace with a single id has nobody whom root could become. */
function giveUpRights(account: SensorAccount | null): number {
  try {
    return confine(account);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    endWith(EXIT_NO_PERMISSION, `root cannot be given up for ${account?.name}: ${text}`);
  }
}

/** Hands over the last counts and ends. */
function end(): void {
  sendCounts();
  outbox.flush();
  process.exit(0);
}

/** Ends with one line on stderr, which the main process reports, and an exit code. */
function fail(device: string, error: unknown): never {
  const text = error instanceof Error ? error.message : String(error);
  const code = /permission|not permitted/i.test(text) ? EXIT_NO_PERMISSION : EXIT_UNAVAILABLE;
  endWith(code, `${device}: ${text}`);
}

function endWith(code: number, message: string): never {
  writeFileSync(process.stderr.fd, `${message.replace(/\s+/g, ' ').trim()}\n`);
  process.exit(code);
}

/** Without them Node aborts, and the main process would report that a link went down. */
const TO_GIVE_UP_ROOT = ['CAP_SETGID', 'CAP_SETUID'] as const;

function takeFrame(view: DataView, length: number, linkType: number, device: number): void {
  packet.time = Math.floor(clockAheadMs + now());
  let reason = reader.read(view, 0, length, length, linkType);
  if (reason === Reason.fragment) reason = reader.join(view);
  if (reason === Reason.none) {
    const kind = classify(packet);
    if (kind !== Kind.none) reason = reader.verify(view);
    if (kind !== Kind.none && reason === Reason.none) hand(kind, device);
    else if (kind === Kind.none && readAnswer(packet, view, answer)) handAnswer();
  }
  counts[reason] = (counts[reason] as number) + 1;
}

/** The kernel has judged: which rule reported the packet decides what it is. */
function takeReport(view: DataView, length: number): void {
  const rule = ruleOfPrefix(nflogPrefix(view, 0, length));
  packet.time = Math.floor(clockAheadMs + now());
  let reason = reader.read(view, 0, length, length, LINKTYPE_NFLOG);
  if (reason === Reason.fragment) reason = reader.join(view);
  if (reason === Reason.none) {
    const kind = kindOfReport(packet, rule);
    if (rule === Rule.answer && readLeftAnswer(packet, view, answer)) handAnswer();
    if (kind !== Kind.none) reason = reader.verify(view);
    if (kind !== Kind.none && reason === Reason.none) hand(kind, 0, rule);
  }
  // The counters of the sensor's table know nothing of other tables' reports, and are compared with these.
  if (isCounted(rule)) counts[reason] = (counts[reason] as number) + 1;
}

function hand(kind: Kind, device: number, rule: Rule = Rule.none): void {
  fillProbe(probe, packet, kind);
  writeProbe(outbox.view, outbox.offset, probe, device, rule);
  // In a flood of forged sources a scanner must not wait behind those that come once.
  commit((rule === Rule.probe || rule === Rule.held) && returning.isAgain(probe.source));
}

/** Sends a SYN/ACK ahead of the SYN that it answers. Other answers show nothing about the probe, and may wait. */
function handAnswer(): void {
  if (answer.kind !== AnswerKind.synAck) {
    writeAnswer(outbox.view, outbox.offset, answer);
    commit();
    return;
  }
  writeAnswer(urgentOutbox.view, urgentOutbox.offset, answer);
  urgentOutbox.commit();
  urgentOutbox.flush();
}

function commit(ahead = false): void {
  if (!outbox.commit(ahead) || flushPlanned) return;
  planFlush();
}

/** No timer is as short as the wait of a record, and polling for it would take a whole core in a flood. */
function planFlush(): void {
  flushPlanned = true;
  if (!outbox.isBehind && outbox.offset <= FEW_RECORDS * RECORD_LENGTH) setImmediate(flushDue);
  else setTimeout(flushDue, 1);
}

function flushDue(): void {
  flushPlanned = false;
  if (outbox.flushDue()) planFlush();
}

/** The main process replaces a sensor that is silent. */
function sendSign(): void {
  writeAlive(outbox.view, outbox.offset);
  commit();
  sendCounts();
}

function sendCounts(): void {
  for (let reason = 0; reason < REASON_COUNT; reason++) {
    // What was dropped here has not been read.
    const count = (counts[reason] as number) - (reason === Reason.none ? outbox.dropped : 0);
    if (count <= (countsSent[reason] as number)) continue;
    countsSent[reason] = count;
    writeCount(outbox.view, outbox.offset, reason, count);
    commit();
  }
}
