import { Kind } from '../classify/kind.ts';
import type { LedgerEntry } from '../ledger/entry.ts';
import type { ActionStep, BlockEvent, Reaction, RefusedEvent, UnblockEvent } from '../respond/event.ts';
import type { DecoysEvent, ProbeDetails, ProbeEvent, ScanEvent } from '../track/event.ts';
import type { Reported } from '../track/reported.ts';
import type { LineSink } from './append-file.ts';
import { ACTION_LINES_PER_DAY, DayBound, PROBE_LINES_PER_DAY } from './day-bound.ts';
import type { EventForm } from './event-form.ts';
import { ECS_FORM } from './event-formats.ts';
import { type Form, isAlert, LINES_PER_SOURCE } from './form.ts';
import { Form1 } from './form1.ts';
import { Form2 } from './form2.ts';
import type { History } from './history.ts';
import { adminLine, blockByHandLine, refusedLine, stepLine, unblockLine } from './lines1.ts';
import { localLine2 } from './lines2.ts';
import type { Names } from './names.ts';
import { Rate } from './rate.ts';
import { SourceLines } from './source-lines.ts';
import { IS_WALL_TIME, type WallTime } from './wall-time.ts';

/**
 * Log lines per second, together 100. Probes have their own share, so that a flood of forged ones does not silence
 * the actions against a real scanner.
 */
const PROBE_LINES_PER_SECOND = 80;
const ACTION_LINES_PER_SECOND = 20;

/** Lines per second of EVENT_FILE and HISTORY_FILE that forged sources can cause without being blocked. */
const FILE_LINES_PER_SECOND = 1_000;

/** Gets the events that may matter to somebody at once, with the times of the wall clock. */
export interface EventListener {
  scan(event: ScanEvent): void;
  block(event: BlockEvent): void;
  unblock(event: UnblockEvent): void;
}

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
  /** The format of the events; that of the Elastic Common Schema when it is left out. */
  readonly eventForm?: EventForm;
  readonly history: History | null;
  /** null when RESOLVE_HOST is 0; then lines have the address twice. */
  readonly names: Names | null;
  /** Left out where events have the time of the wall clock, as in a replay. */
  readonly wallTime?: WallTime;
  /** IGNORE_FILE, where lines of 2.x name it (--verbose). */
  readonly namedIgnoreFile?: string | null;
  readonly listener?: EventListener | undefined;
}

/** Writes what happens to the log, the events and the history. */
export class Recorder {
  readonly #parts: RecorderParts;
  readonly #wall: WallTime;
  readonly #eventForm: EventForm;
  readonly #lines: SourceLines;
  readonly #form: Form;
  readonly #probeLines: Rate;
  readonly #actionLines: Rate;
  readonly #eventLines: Rate;
  readonly #rates: Rate[] = [];
  readonly #probeEventsOfDay: DayBound;
  readonly #actionEventsOfDay: DayBound;

  constructor(parts: RecorderParts) {
    const { logFormat, logTool = false, sumUp, history, namedIgnoreFile = null } = parts;
    this.#parts = parts;
    this.#wall = parts.wallTime ?? IS_WALL_TIME;
    this.#eventForm = parts.eventForm ?? ECS_FORM;
    this.#lines = new SourceLines(parts);
    this.#probeLines = this.#rate('log lines of probes', PROBE_LINES_PER_SECOND);
    this.#actionLines = this.#rate('log lines of actions', ACTION_LINES_PER_SECOND);
    this.#eventLines = this.#rate('events', FILE_LINES_PER_SECOND);
    this.#probeEventsOfDay = this.#dayBound('EVENT_FILE, probes and scans', PROBE_LINES_PER_DAY);
    this.#actionEventsOfDay = this.#dayBound('EVENT_FILE, blocks', ACTION_LINES_PER_DAY);
    const historyLines = this.#rate('lines of the history', FILE_LINES_PER_SECOND);
    const common = { lines: this.#lines, actionLines: this.#actionLines, history };
    this.#form =
      logFormat === 1
        ? new Form1({ ...common, probeLines: this.#probeLines, historyLines, logTool, sumUp })
        : new Form2({ ...common, namedIgnoreFile, isBounded: sumUp, tell: (text) => this.admin(text) });
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

  /** Records a probe. `reported` is what was written about its source before, `reaction` what the probe led to. */
  probe(event: ProbeEvent, reported: Reported, reaction: Reaction = 'none'): void {
    if (!this.listens) return;
    this.#lines.now = event.time;
    const isSingle = this.#isWrittenSingly(event, reported);
    const written = this.#wall.time(event);
    if (isSingle || !this.#parts.sumUp) this.#probeEvent(written, reported);
    this.#form.probe(written, reported, reaction, isSingle);
  }

  /** Records a source that triggered and is only logged (BLOCK="0"). */
  unblocked(details: ProbeDetails): void {
    this.#form.unblocked(this.#wall.time(details));
  }

  /** Records the result of one action against an address or prefix. */
  step(target: string, step: ActionStep): void {
    this.#lines.write(this.#actionLines, target, () => stepLine(target, step));
  }

  /** Records that all actions that the probe began have ended. */
  block(event: BlockEvent, probe: ProbeDetails = event): void {
    const written = this.#wall.block(event);
    // Other addresses of the network may have begun the same actions: one event for all.
    if (event.source === probe.source) {
      this.#actionEvent(() => this.#eventForm.line(written));
      this.#parts.listener?.block(written);
    }
    this.#form.block(written, this.#wall.time(probe));
  }

  /** Records a block that an administrator ordered. */
  blockedByHand(entry: LedgerEntry): void {
    const written = this.#wall.entry(entry);
    this.#actionEvent(() => this.#eventForm.blockByHandLine(written));
    this.#parts.text?.(blockByHandLine(written.block));
  }

  /** Records the end of a block. */
  unblock(event: UnblockEvent): void {
    const written = this.#wall.unblock(event);
    this.#actionEvent(() => this.#eventForm.line(written));
    this.#parts.listener?.unblock(written);
    // The log has just reported the block of the whole network, or the failure.
    if (event.how === 'replaced' || event.how === 'failed') return;
    this.#lines.write(this.#actionLines, event.entry.block.target, () => unblockLine(event));
  }

  /**
   * Records that a never-block rule spared a source. Call it once until the source has been quiet for long. It shares
   * the rates of probes: a sender can forge all of 127.0.0.0/8, and must not silence the actions by that.
   */
  refused(event: RefusedEvent): void {
    const { source, rule, isSilent } = event;
    this.#scanEvent(this.#wall.time(event));
    if (isSilent) return;
    this.#lines.write(this.#probeLines, source, (name) => refusedLine(source, name, rule));
  }

  /** Records that the actions which the probe was to begin were refused by a never-block rule. */
  spared(event: ProbeEvent): void {
    this.#form.spared(this.#wall.time(event));
  }

  /** Records the end of a scan. */
  scan(event: ScanEvent): void {
    const written = this.#wall.scan(event);
    this.#scanEvent(written);
    this.#parts.listener?.scan(written);
    this.#form.scan(written);
  }

  /** Records a group of decoys. */
  decoys(event: DecoysEvent): void {
    this.#lines.now = event.time;
    this.#scanEvent(this.#wall.time(event));
    this.#form.decoys(event);
  }

  /** Records a packet from the address that it was sent to (--debug). */
  local(address: string): void {
    this.#lines.write(this.#probeLines, address, () => localLine2(address));
  }

  /** Writes the last sum of a source whose scan has ended or whose memory goes to another. */
  forget(source: string, reported: Reported): void {
    this.#form.forget(source, reported);
  }

  /** Writes a message for the administrator. */
  admin(text: string): void {
    this.#parts.text?.(adminLine(text));
  }

  /** Call every second; `now` is in ms. */
  tick(now: number): void {
    this.#lines.now = now;
    this.#parts.names?.tick(now);
    this.#form.tick(now);
    for (const rate of this.#rates) rate.tick(now);
    this.#parts.history?.tick(now);
    this.#parts.events?.tick(now);
  }

  /** Writes the last sums and closes the files. The log stays open. */
  close(): void {
    this.#parts.names?.close();
    this.#form.close();
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

  /**
   * Whether the probe gets its own event, and in the form of 1.x its own line; counts it. A repeat gets none. What a
   * source begins to do later in its scan is written, too: its first alert of each kind.
   */
  #isWrittenSingly(event: ProbeEvent, reported: Reported): boolean {
    const { sumUp } = this.#parts;
    // Decoys are reported as a group.
    if (event.decoy && sumUp) return false;
    if (isAlert(event)) {
      const isFirst = showsFirst(event, reported);
      if (event.repeat && !isFirst) return false;
      return reported.lines++ < LINES_PER_SOURCE || isFirst || !sumUp;
    }
    return !event.repeat && (reported.quietLines++ < LINES_PER_SOURCE || !sumUp);
  }

  /** Writes an event that forged probes can cause at any rate. */
  #scanEvent(event: RefusedEvent | ScanEvent | DecoysEvent): void {
    const { events } = this.#parts;
    const { now } = this.#lines;
    if (events !== null && this.#allowsEvent(now)) events.write(this.#eventForm.line(event), now);
  }

  /** Writes an event of a block, whose rate the breaker bounds. */
  #actionEvent(line: () => string): void {
    const { events } = this.#parts;
    const { now } = this.#lines;
    if (events !== null && this.#actionEventsOfDay.allows(now)) events.write(line(), now);
  }

  #allowsEvent(now: number): boolean {
    return this.#eventLines.allows(now) && this.#probeEventsOfDay.allows(now);
  }

  #dayBound(what: string, maxPerDay: number): DayBound {
    const max = this.#parts.sumUp ? maxPerDay : Number.POSITIVE_INFINITY;
    return new DayBound(what, max, (text) => this.admin(text));
  }

  /** Of the probes of a source one is an alert: the first that triggered. A group of decoys is an alert of its own. */
  #probeEvent(event: ProbeEvent, reported: Reported): void {
    const { events } = this.#parts;
    if (events === null || !this.#allowsEvent(this.#lines.now)) return;
    const alerts = event.triggered && event.ignored === null && !event.decoy && !reported.alerted;
    if (alerts) reported.alerted = true;
    events.write(this.#eventForm.line(event, alerts), this.#lines.now);
  }
}

/** The bits of `Reported.shown` above those of the kinds. */
const UDP_CONNECT = 1 << 16;
const IP_OPTIONS = 1 << 17;

/** Whether no alert of the source has shown this kind in this protocol, or IP options; notes that one has now. */
function showsFirst({ kind, transport, ipOptions }: ProbeEvent, reported: Reported): boolean {
  // A kind has one protocol, but for `connect`.
  const bit = kind === 'connect' && transport === 'udp' ? UDP_CONNECT : 1 << Kind[kind];
  const bits = ipOptions ? bit | IP_OPTIONS : bit;
  const isFirst = (bits & ~reported.shown) !== 0;
  reported.shown |= bits;
  return isFirst;
}
