import type { LedgerEntry } from '../ledger/entry.ts';
import type { ActionStep, BlockEvent, RefusedEvent, UnblockEvent } from '../respond/event.ts';
import type { DecoysEvent, ProbeDetails, ProbeEvent, ScanEvent } from '../track/event.ts';
import type { Reported } from '../track/reported.ts';
import type { LineSink } from './append-file.ts';
import { blockByHandLine as ecsBlockByHandLine, ecsLine } from './ecs.ts';
import type { History } from './history.ts';
import {
  adminLine,
  alreadyBlockedLine,
  blockByHandLine,
  decoysLine,
  ipOptionsLine,
  noBlockLine,
  notBlockedLine,
  probeLine,
  probeLineWithTool,
  refusedLine,
  scanEndedLine,
  stepLine,
  sumLine,
  unblockLine,
} from './lines1.ts';
import { scanLine2, verdictOf } from './lines2.ts';
import type { Names } from './names.ts';
import { Rate } from './rate.ts';

/** Probes of one source that get their own lines. A scan of 65,535 ports is 10 lines and a sum each minute. */
const LINES_PER_SOURCE = 10;

/** How often a source that goes on is summed up, and reported as already blocked. */
const SUM_INTERVAL_MS = 60_000;

/** Sources whose sum is written on time. The sum of any other waits for its next probe or the end of its scan. */
const MAX_PENDING_SUMS = 4_096;

/**
 * Log lines per second, together 100. Probes have their own share, so that a flood of forged ones does not silence
 * the actions against a real scanner.
 */
const PROBE_LINES_PER_SECOND = 80;
const ACTION_LINES_PER_SECOND = 20;

/** Lines per second of EVENT_FILE and HISTORY_FILE that forged sources can cause without being blocked. */
const FILE_LINES_PER_SECOND = 1_000;

/** Where a recorder writes, and in which form. */
export interface RecorderParts {
  readonly logFormat: 1 | 2;
  /** LOG_TOOL: lines of 1.x end with the scanner's tool. */
  readonly logTool?: boolean;
  /** False in a replay, where every probe is written and nothing is summed up or left out. */
  readonly sumUp: boolean;
  /** Receives the log lines; null when there is no log. */
  readonly text: ((line: string) => void) | null;
  /** Receives the events as JSON lines. */
  readonly events: LineSink | null;
  readonly history: History | null;
  /** null when RESOLVE_HOST is 0; then lines have the address twice. */
  readonly names: Names | null;
}

/** Writes what happens to the log, the events and the history. */
export class Recorder {
  readonly #parts: RecorderParts;
  readonly #probeLines: Rate;
  readonly #actionLines: Rate;
  readonly #eventLines: Rate;
  readonly #historyLines: Rate;
  readonly #rates: Rate[] = [];
  /** Sources with probes that no sum has counted yet, the oldest first. */
  readonly #pendingSums = new Map<Reported, string>();
  /** The newest time seen, in ms. A block or a scan is recorded at the time of its last probe. */
  #now = 0;

  constructor(parts: RecorderParts) {
    this.#parts = parts;
    this.#probeLines = this.#rate('log lines of probes', PROBE_LINES_PER_SECOND);
    this.#actionLines = this.#rate('log lines of actions', ACTION_LINES_PER_SECOND);
    this.#eventLines = this.#rate('events', FILE_LINES_PER_SECOND);
    this.#historyLines = this.#rate('lines of the history', FILE_LINES_PER_SECOND);
  }

  /** False when nothing is written at all. */
  get listens(): boolean {
    const { text, events, history } = this.#parts;
    return text !== null || events !== null || history !== null;
  }

  /** False when no events are written. */
  get readsEvents(): boolean {
    return this.#parts.events !== null;
  }

  /** Records a probe. `reported` is what was written about its source before. */
  probe(event: ProbeEvent, reported: Reported): void {
    this.#now = event.time;
    const isAlert = event.triggered && event.ignored === null;
    const isSingle = this.#isWrittenSingly(event, reported, isAlert);
    if (isSingle || !this.#parts.sumUp) this.#probeEvent(event);
    if (event.ignored !== null || (event.decoy && this.#parts.sumUp)) return;
    if (isSingle) this.#writeSingly(event, reported, isAlert);
    else if (isAlert && this.#parts.sumUp) this.#count(event, reported);
    if (isAlert && event.alreadyBlocked) this.#writeAlreadyBlocked(event, reported);
  }

  /** Records a source that triggered and is only logged (BLOCK="0"). */
  unblocked(details: ProbeDetails): void {
    const { history, logFormat } = this.#parts;
    if (logFormat === 1) this.#line(this.#probeLines, details.source, () => noBlockLine(details));
    if (history === null || !this.#historyLines.allows(this.#now)) return;
    this.#named(details.source, (name) => history.unblocked(details, name, this.#now));
  }

  /** Records the result of one action against an address or prefix. */
  step(target: string, step: ActionStep): void {
    this.#line(this.#actionLines, target, () => stepLine(target, step));
  }

  /** Records that all actions against a source have ended. */
  block(event: BlockEvent): void {
    const { history, events, logFormat } = this.#parts;
    events?.write(ecsLine(event), this.#now);
    const blocked = event.action === 'block';
    if (!blocked) this.#line(this.#actionLines, event.source, (name) => notBlockedLine(event.source, name));
    if (logFormat === 2) {
      const verdict = { triggered: true, noBlock: false, blocked };
      this.#line(this.#actionLines, event.source, (name) => scanLine2(event, name, verdict));
    }
    if (blocked) this.#named(event.source, (name) => history?.blocked(event, name, this.#now));
  }

  /** Records a block that an administrator ordered. */
  blockedByHand(entry: LedgerEntry): void {
    this.#parts.events?.write(ecsBlockByHandLine(entry), this.#now);
    this.#parts.text?.(blockByHandLine(entry.block));
  }

  /** Records the end of a block. */
  unblock(event: UnblockEvent): void {
    this.#parts.events?.write(ecsLine(event), this.#now);
    // The log has just reported the block of the whole network, or the failure.
    if (event.how === 'replaced' || event.how === 'failed') return;
    this.#line(this.#actionLines, event.entry.block.target, () => unblockLine(event));
  }

  /** Records that a never-block rule spared a source. Call it once until the source has been quiet for long. */
  refused(event: RefusedEvent): void {
    this.#parts.events?.write(ecsLine(event), this.#now);
    this.#line(this.#actionLines, event.source, (name) => refusedLine(event.source, name, event.rule));
  }

  /** Records the end of a scan. */
  scan(event: ScanEvent): void {
    const { events, logFormat } = this.#parts;
    if (events !== null && this.#eventLines.allows(this.#now)) events.write(ecsLine(event), this.#now);
    if (logFormat !== 1 || !event.triggered || event.probes < 2) return;
    this.#line(this.#probeLines, event.source, () => scanEndedLine(event));
  }

  /** Records a group of decoys. */
  decoys(event: DecoysEvent): void {
    this.#now = event.time;
    this.#parts.events?.write(ecsLine(event), event.time);
    this.#line(this.#actionLines, event.source, () => decoysLine(event));
  }

  /** Writes the last sum of a source whose scan has ended or whose memory goes to another. */
  forget(source: string, reported: Reported): void {
    if (reported.unreportedProbes > 0) this.#sum(source, reported);
  }

  /** Writes a message for the administrator. */
  admin(text: string): void {
    this.#parts.text?.(adminLine(text));
  }

  /** Call every second; `now` is in ms. */
  tick(now: number): void {
    this.#now = now;
    this.#parts.names?.tick(now);
    for (const [reported, source] of this.#pendingSums) {
      if (Math.abs(now - reported.unreportedSince) >= SUM_INTERVAL_MS) this.#sum(source, reported);
    }
    for (const rate of this.#rates) rate.tick(now);
    this.#parts.history?.tick(now);
    this.#parts.events?.tick(now);
  }

  /** Writes the last sums and closes the files. The log stays open. */
  close(): void {
    this.#parts.names?.close();
    for (const [reported, source] of this.#pendingSums) this.#sum(source, reported);
    for (const rate of this.#rates) rate.flush();
    this.#parts.history?.close();
    this.#parts.events?.close();
  }

  #rate(what: string, maxPerSecond: number): Rate {
    const rate = new Rate(this.#parts.sumUp ? maxPerSecond : Number.POSITIVE_INFINITY, (count) => {
      this.admin(`${count} ${what} were left out, above ${maxPerSecond} a second.`);
    });
    this.#rates.push(rate);
    return rate;
  }

  /** Whether the probe gets its own line or event; counts it. A repeat gets none. */
  #isWrittenSingly(event: ProbeEvent, reported: Reported, isAlert: boolean): boolean {
    // Decoys are reported as a group.
    if (event.repeat || (event.decoy && this.#parts.sumUp)) return false;
    const before = isAlert ? reported.lines++ : reported.quietLines++;
    return before < LINES_PER_SOURCE || !this.#parts.sumUp;
  }

  #probeEvent(event: ProbeEvent): void {
    const { events } = this.#parts;
    if (events !== null && this.#eventLines.allows(event.time)) events.write(ecsLine(event), event.time);
  }

  /** 1.x is silent before the trigger, 2.x is not. Pings never trigger, and get a line where they are detected. */
  #writeSingly(event: ProbeEvent, reported: Reported, isAlert: boolean): void {
    if (isAlert) {
      // The rest of an earlier scan, when SCAN_WINDOW is shorter than SUM_INTERVAL_MS.
      if (reported.lines === 1 && reported.unreportedProbes > 0) this.#sum(event.source, reported);
      reported.unreportedPorts = 0;
    }
    if (this.#parts.logFormat === 2) {
      this.#line(this.#probeLines, event.source, (name) => scanLine2(event, name, verdictOf(event)));
    } else if (isAlert || event.kind === 'icmp' || event.kind === 'arp') {
      const line = this.#parts.logTool ? probeLineWithTool : probeLine;
      this.#line(this.#probeLines, event.source, (name) => line(event, name));
      if (event.ipOptions) this.#line(this.#probeLines, event.source, (name) => ipOptionsLine(event, name));
    }
  }

  #count(event: ProbeEvent, reported: Reported): void {
    if (reported.unreportedProbes === 0) reported.unreportedSince = event.time;
    reported.unreportedProbes++;
    if (Math.abs(event.time - reported.unreportedSince) >= SUM_INTERVAL_MS) this.#sum(event.source, reported);
    else if (this.#pendingSums.size < MAX_PENDING_SUMS) this.#pendingSums.set(reported, event.source);
  }

  #sum(source: string, reported: Reported): void {
    const { unreportedProbes, unreportedPorts } = reported;
    reported.unreportedProbes = 0;
    reported.unreportedPorts = 0;
    this.#pendingSums.delete(reported);
    this.#line(this.#probeLines, source, (name) => sumLine(source, name, unreportedProbes, unreportedPorts));
  }

  #writeAlreadyBlocked(event: ProbeEvent, reported: Reported): void {
    const last = reported.lastAlreadyBlocked;
    if (last !== 0 && Math.abs(event.time - last) < SUM_INTERVAL_MS) return;
    reported.lastAlreadyBlocked = event.time;
    this.#line(this.#probeLines, event.source, (name) => alreadyBlockedLine(event, name));
  }

  /** Writes a line if its rate allows it. The lines of one source keep their order. */
  #line(rate: Rate, source: string, line: (name: string) => string): void {
    const { text } = this.#parts;
    if (text === null || !rate.allows(this.#now)) return;
    this.#named(source, (name) => text(line(name)));
  }

  #named(source: string, use: (name: string) => void): void {
    const { names } = this.#parts;
    if (names === null) use(source);
    else names.withName(source, this.#now, use);
  }
}
