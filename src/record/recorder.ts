import type { LedgerEntry } from '../ledger/entry.ts';
import type { ActionStep, BlockEvent, RefusedEvent, UnblockEvent } from '../respond/event.ts';
import type { DecoysEvent, ProbeDetails, ProbeEvent, ScanEvent } from '../track/event.ts';
import type { Told } from '../track/told.ts';
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

/** Probes of one source that are told one by one; a scan of 65,535 ports is 10 lines and a sum a minute. */
const LINES_A_SOURCE = 10;

/** How often (ms) a source that goes on is summed up, and is said to be blocked already. */
const SUM_INTERVAL = 60_000;

/** Sources whose sum is written in time when they stop; of others when they go on or their scan is over. */
const MAX_UNTOLD = 4_096;

/**
 * Log lines a second: together 100 (design, section 8). Probes have their share, so that a flood of forged ones
 * does not silence what is done about a real scanner.
 */
const PROBE_LINES = 80;
const ACTION_LINES = 20;

/** Lines a second of EVENT_FILE and HISTORY_FILE that forged sources can cause without being blocked. */
const FILE_LINES = 1_000;

export interface RecorderParts {
  readonly logFormat: 1 | 2;
  /** LOG_TOOL: lines of 1.x end with the scanner's tool. */
  readonly logTool?: boolean;
  /** False in a replay: every probe is told, nothing is summed up or left out. */
  readonly sumUp: boolean;
  /** Gets the log lines; null when nobody reads them. */
  readonly text: ((line: string) => void) | null;
  /** Gets the events as JSON lines. */
  readonly events: LineSink | null;
  readonly history: History | null;
  /** null when RESOLVE_HOST is 0: lines have the address twice. */
  readonly names: Names | null;
}

/** Tells what happens: who reads the log, the events and the history sees it through here. */
export class Recorder {
  readonly #parts: RecorderParts;
  readonly #probeLines: Rate;
  readonly #actionLines: Rate;
  readonly #eventLines: Rate;
  readonly #historyLines: Rate;
  readonly #rates: Rate[] = [];
  /** Sources with untold probes, in the order in which these began. */
  readonly #untold = new Map<Told, string>();
  /** The newest time heard of, ms: a block or a scan is told of with the time of its last probe. */
  #now = 0;

  constructor(parts: RecorderParts) {
    this.#parts = parts;
    this.#probeLines = this.#rate('log lines of probes', PROBE_LINES);
    this.#actionLines = this.#rate('log lines of actions', ACTION_LINES);
    this.#eventLines = this.#rate('events', FILE_LINES);
    this.#historyLines = this.#rate('lines of the history', FILE_LINES);
  }

  /** False when nobody reads what is told. */
  get listens(): boolean {
    const { text, events, history } = this.#parts;
    return text !== null || events !== null || history !== null;
  }

  /** False when nobody reads events. */
  get readsEvents(): boolean {
    return this.#parts.events !== null;
  }

  /** A probe; `told` is what was said of its source. */
  probe(event: ProbeEvent, told: Told): void {
    this.#now = event.time;
    const isAlert = event.triggered && event.ignored === null;
    const isSingle = this.#isToldSingly(event, told, isAlert);
    if (isSingle || !this.#parts.sumUp) this.#probeEvent(event);
    if (event.ignored !== null || (event.decoy && this.#parts.sumUp)) return;
    if (isSingle) this.#tellSingly(event, told, isAlert);
    else if (isAlert && this.#parts.sumUp) this.#count(event, told);
    if (isAlert && event.alreadyBlocked) this.#tellAlreadyBlocked(event, told);
  }

  /** A source triggered that is not to be blocked (BLOCK="0"). */
  unblocked(details: ProbeDetails): void {
    const { history, logFormat } = this.#parts;
    if (logFormat === 1) this.#line(this.#probeLines, details.source, () => noBlockLine(details));
    if (history === null || !this.#historyLines.allows(this.#now)) return;
    this.#named(details.source, (name) => history.unblocked(details, name, this.#now));
  }

  /** One of the actions for an address or prefix has ended. */
  step(target: string, step: ActionStep): void {
    this.#line(this.#actionLines, target, () => stepLine(target, step));
  }

  /** All actions for a source have ended. */
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

  /** An administrator has blocked somebody. */
  blockedByHand(entry: LedgerEntry): void {
    this.#parts.events?.write(ecsBlockByHandLine(entry), this.#now);
    this.#parts.text?.(blockByHandLine(entry.block));
  }

  /** A block is over. */
  unblock(event: UnblockEvent): void {
    this.#parts.events?.write(ecsLine(event), this.#now);
    // Of an address in a network that is blocked as a whole, the log has just said that.
    if (event.how === 'replaced' || event.how === 'failed') return;
    this.#line(this.#actionLines, event.entry.block.target, () => unblockLine(event));
  }

  /** A never-block rule spared a source that triggered. To be called once until it has been quiet for long. */
  refused(event: RefusedEvent): void {
    this.#parts.events?.write(ecsLine(event), this.#now);
    this.#line(this.#actionLines, event.source, (name) => refusedLine(event.source, name, event.rule));
  }

  /** A scan is over. */
  scan(event: ScanEvent): void {
    const { events, logFormat } = this.#parts;
    if (events !== null && this.#eventLines.allows(this.#now)) events.write(ecsLine(event), this.#now);
    if (logFormat !== 1 || !event.triggered || event.probes < 2) return;
    this.#line(this.#probeLines, event.source, () => scanEndedLine(event));
  }

  /** Sources turned out to be a group of decoys. */
  decoys(event: DecoysEvent): void {
    this.#now = event.time;
    this.#parts.events?.write(ecsLine(event), event.time);
    this.#line(this.#actionLines, event.source, () => decoysLine(event));
  }

  /** The scan of a source is over, or its memory goes to another: what is untold of it is said. */
  forget(source: string, told: Told): void {
    if (told.untoldProbes > 0) this.#sum(source, told);
  }

  /** Something that the administrator should know. */
  admin(text: string): void {
    this.#parts.text?.(adminLine(text));
  }

  /** To be called every second; `now` in ms. */
  tick(now: number): void {
    this.#now = now;
    this.#parts.names?.tick(now);
    for (const [told, source] of this.#untold) {
      if (Math.abs(now - told.untoldSince) >= SUM_INTERVAL) this.#sum(source, told);
    }
    for (const rate of this.#rates) rate.tick(now);
    this.#parts.history?.tick(now);
    this.#parts.events?.tick(now);
  }

  /** Says what is unsaid and closes the files. The log stays open. */
  close(): void {
    this.#parts.names?.close();
    for (const [told, source] of this.#untold) this.#sum(source, told);
    for (const rate of this.#rates) rate.flush();
    this.#parts.history?.close();
    this.#parts.events?.close();
  }

  #rate(what: string, most: number): Rate {
    const rate = new Rate(this.#parts.sumUp ? most : Number.POSITIVE_INFINITY, (count) => {
      this.admin(`${count} ${what} were left out, above ${most} a second.`);
    });
    this.#rates.push(rate);
    return rate;
  }

  /** Whether the probe gets a line or event of its own; counts it. The same attempt again gets none. */
  #isToldSingly(event: ProbeEvent, told: Told, isAlert: boolean): boolean {
    // Of decoys the group is told, not each.
    if (event.repeat || (event.decoy && this.#parts.sumUp)) return false;
    const before = isAlert ? told.lines++ : told.quietLines++;
    return before < LINES_A_SOURCE || !this.#parts.sumUp;
  }

  #probeEvent(event: ProbeEvent): void {
    const { events } = this.#parts;
    if (events !== null && this.#eventLines.allows(event.time)) events.write(ecsLine(event), event.time);
  }

  /** 1.x is silent before the trigger, 2.x is not. Pings never trigger; who has them looked for wants to hear of them. */
  #tellSingly(event: ProbeEvent, told: Told, isAlert: boolean): void {
    if (isAlert) {
      // What is left of a scan that ended long ago, by a SCAN_WINDOW shorter than the sum's minute.
      if (told.lines === 1 && told.untoldProbes > 0) this.#sum(event.source, told);
      told.untoldPorts = 0;
    }
    if (this.#parts.logFormat === 2) {
      this.#line(this.#probeLines, event.source, (name) => scanLine2(event, name, verdictOf(event)));
    } else if (isAlert || event.kind === 'icmp') {
      const line = this.#parts.logTool ? probeLineWithTool : probeLine;
      this.#line(this.#probeLines, event.source, (name) => line(event, name));
      if (event.ipOptions) this.#line(this.#probeLines, event.source, (name) => ipOptionsLine(event, name));
    }
  }

  #count(event: ProbeEvent, told: Told): void {
    if (told.untoldProbes === 0) told.untoldSince = event.time;
    told.untoldProbes++;
    if (Math.abs(event.time - told.untoldSince) >= SUM_INTERVAL) this.#sum(event.source, told);
    else if (this.#untold.size < MAX_UNTOLD) this.#untold.set(told, event.source);
  }

  #sum(source: string, told: Told): void {
    const { untoldProbes, untoldPorts } = told;
    told.untoldProbes = 0;
    told.untoldPorts = 0;
    this.#untold.delete(told);
    this.#line(this.#probeLines, source, (name) => sumLine(source, name, untoldProbes, untoldPorts));
  }

  #tellAlreadyBlocked(event: ProbeEvent, told: Told): void {
    const last = told.lastAlreadyBlocked;
    if (last !== 0 && Math.abs(event.time - last) < SUM_INTERVAL) return;
    told.lastAlreadyBlocked = event.time;
    this.#line(this.#probeLines, event.source, (name) => alreadyBlockedLine(event, name));
  }

  /** Writes a line if its rate allows; the lines of one source keep their order. */
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
