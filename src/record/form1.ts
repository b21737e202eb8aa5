import type { BlockEvent, Reaction } from '../respond/event.ts';
import type { DecoysEvent, ProbeDetails, ProbeEvent, ScanEvent } from '../track/event.ts';
import type { Reported } from '../track/reported.ts';
import { type Form, isAlert, SUM_INTERVAL_MS } from './form.ts';
import { type History, historyLine1 } from './history.ts';
import {
  alreadyBlockedLine,
  decoysLine,
  ipOptionsLine,
  noBlockLine,
  notBlockedLine,
  probeLine,
  probeLineWithTool,
  scanEndedLine,
  sumLine,
} from './lines1.ts';
import type { Rate } from './rate.ts';
import type { SourceLines } from './source-lines.ts';
import { formatSecond } from './times.ts';

/** Sources whose sum is written on time. The sum of any other waits for its next probe or the end of its scan. */
const MAX_PENDING_SUMS = 4_096;

/** What the form works with. */
export interface Form1Parts {
  readonly lines: SourceLines;
  readonly probeLines: Rate;
  readonly actionLines: Rate;
  readonly historyLines: Rate;
  readonly history: History | null;
  /** LOG_TOOL: lines end with the scanner's tool. */
  readonly logTool: boolean;
  /** False in a replay, where every probe is written and nothing is summed up. */
  readonly sumUp: boolean;
}

/** The form of 1.x: the first probes of a source have a line each, and those that follow are summed up. */
export class Form1 implements Form {
  readonly #parts: Form1Parts;
  /** Sources with probes that no sum has counted yet, by slot, the oldest first. */
  readonly #pendingSums = new Map<number, { readonly source: string; readonly reported: Reported }>();

  constructor(parts: Form1Parts) {
    this.#parts = parts;
  }

  probe(event: ProbeEvent, reported: Reported, _reaction: Reaction, isSingle: boolean): void {
    const { sumUp } = this.#parts;
    if (event.isSilent || (event.decoy && sumUp)) return;
    const alerts = isAlert(event);
    if (isSingle) this.#writeSingly(event, reported, alerts);
    else if (alerts && sumUp) this.#count(event, reported);
    if (alerts && event.alreadyBlocked) this.#writeAlreadyBlocked(event, reported);
  }

  /** The line of the probe is there already; that of the rule follows. */
  spared(): void {}

  unblocked(details: ProbeDetails): void {
    const { lines, probeLines, historyLines, history } = this.#parts;
    lines.write(probeLines, details.source, () => noBlockLine(details));
    if (history === null || !historyLines.allows(lines.now)) return;
    lines.named(details.source, (name) => history.write(historyLine1(details, name), lines.now));
  }

  block(event: BlockEvent, { source }: ProbeDetails): void {
    const { lines, actionLines, history } = this.#parts;
    // Another address of the network began the same actions.
    if (event.source !== source) return;
    if (event.reason === null) {
      lines.named(source, (name) => {
        history?.writeBlock(historyLine1(event, name), lines.now);
        history?.blocked(event, name, lines.now);
      });
    } else lines.write(actionLines, source, (name) => notBlockedLine(source, name));
  }

  scan(event: ScanEvent): void {
    const { lines, probeLines } = this.#parts;
    if ((event.triggered && event.probes > 1) || event.shape === 'arp sweep')
      lines.write(probeLines, event.source, () => scanEndedLine(event, formatSecond(event.first)));
  }

  decoys(event: DecoysEvent): void {
    const { lines, actionLines } = this.#parts;
    lines.write(actionLines, event.source, () => decoysLine(event));
  }

  forget(source: string, reported: Reported): void {
    if (reported.unreportedProbes > 0) this.#sum(source, reported);
  }

  tick(now: number): void {
    for (const { source, reported } of this.#pendingSums.values()) {
      if (Math.abs(now - reported.unreportedSince) >= SUM_INTERVAL_MS) this.#sum(source, reported);
    }
  }

  close(): void {
    for (const { source, reported } of this.#pendingSums.values()) this.#sum(source, reported);
  }

  /** 1.x is silent before the trigger. Pings never trigger, and get a line where they are detected. */
  #writeSingly(event: ProbeEvent, reported: Reported, alerts: boolean): void {
    const { lines, probeLines, logTool } = this.#parts;
    if (alerts) {
      // The rest of an earlier scan, when SCAN_WINDOW is shorter than SUM_INTERVAL_MS.
      if (reported.lines === 1 && reported.unreportedProbes > 0) this.#sum(event.source, reported);
      reported.unreportedPorts = reported.countedPorts;
    }
    if (!alerts && event.kind !== 'icmp' && event.kind !== 'arp') return;
    const line = logTool ? probeLineWithTool : probeLine;
    lines.write(probeLines, event.source, (name) => line(event, name));
    if (event.ipOptions) lines.write(probeLines, event.source, (name) => ipOptionsLine(event, name));
  }

  #count(event: ProbeEvent, reported: Reported): void {
    const { now } = this.#parts.lines;
    if (reported.unreportedProbes === 0) reported.unreportedSince = now;
    reported.unreportedProbes++;
    reported.countedPorts = reported.unreportedPorts;
    if (Math.abs(now - reported.unreportedSince) >= SUM_INTERVAL_MS) this.#sum(event.source, reported);
    else if (this.#pendingSums.size < MAX_PENDING_SUMS)
      this.#pendingSums.set(reported.slot, { source: event.source, reported });
  }

  #sum(source: string, reported: Reported): void {
    const { lines, probeLines } = this.#parts;
    const { unreportedProbes, unreportedPorts } = reported;
    reported.unreportedProbes = 0;
    reported.unreportedPorts = 0;
    reported.countedPorts = 0;
    this.#pendingSums.delete(reported.slot);
    lines.write(probeLines, source, (name) => sumLine(source, name, unreportedProbes, unreportedPorts));
  }

  #writeAlreadyBlocked(event: ProbeEvent, reported: Reported): void {
    const { lines, probeLines } = this.#parts;
    const last = reported.lastAlreadyBlocked;
    if (last !== 0 && Math.abs(lines.now - last) < SUM_INTERVAL_MS) return;
    reported.lastAlreadyBlocked = lines.now;
    lines.write(probeLines, event.source, (name) => alreadyBlockedLine(event, name));
  }
}
