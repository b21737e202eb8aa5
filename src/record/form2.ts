import type { BlockEvent, Reaction } from '../respond/event.ts';
import type { DecoysEvent, ProbeDetails, ProbeEvent } from '../track/event.ts';
import type { Reported } from '../track/reported.ts';
import { type Form, isInIgnoreFile } from './form.ts';
import type { History } from './history.ts';
import { LineBudget } from './line-budget.ts';
import { adminLine, decoysLine, messageOf } from './lines1.ts';
import {
  alreadyBlockedLine2,
  ignoredLine2,
  notBlockedLine2,
  scanLine2,
  type Verdict,
  verdictAfter,
  verdictOf,
} from './lines2.ts';
import type { Rate } from './rate.ts';
import type { SourceLines } from './source-lines.ts';
import { time2 } from './times.ts';

/** Lines of probes, in the log and in the history. A day of them is about 100 MB in each. */
const LIMITS = { perSecond: 100, perDay: 500_000 };

/** In a replay, where every probe is written. */
const NO_LIMITS = { perSecond: Number.POSITIVE_INFINITY, perDay: Number.POSITIVE_INFINITY };

/** Probes that wait for the end of the actions against their sources. More are written at once, as not decided. */
const MAX_WAITING = 1_000;

/** What the form works with. */
export interface Form2Parts {
  readonly lines: SourceLines;
  readonly actionLines: Rate;
  readonly history: History | null;
  /** IGNORE_FILE, to be named with each source that it spares (--verbose); null for not at all. */
  readonly namedIgnoreFile: string | null;
  /** False in a replay, where every probe is written. */
  readonly isBounded: boolean;
  /** Gets one line for the administrator. */
  readonly tell: (text: string) => void;
}

/**
 * The form of 2.x: each probe has one line, in the log and in the history. 2.x does one thing after the other: the line
 * of a probe that begins actions comes after theirs, and those of the same source that follow it come last.
 */
export class Form2 implements Form {
  readonly #parts: Form2Parts;
  readonly #budget: LineBudget;
  /** The probes that came during the actions against their source, by source. */
  readonly #waiting = new Map<string, ProbeEvent[]>();
  #waitingCount = 0;

  constructor(parts: Form2Parts) {
    this.#parts = parts;
    this.#budget = new LineBudget(parts.isBounded ? LIMITS : NO_LIMITS, parts.tell);
  }

  probe(event: ProbeEvent, _reported: Reported, reaction: Reaction): void {
    // 2.x logs what its ignore file spares; the trial probe of doctor is nobody's.
    if (event.isSilent && !isInIgnoreFile(event.ignored)) return;
    if (reaction === 'begun') return;
    if (reaction === 'under way' && this.#waitingCount < MAX_WAITING) this.#wait(event);
    else this.#write(event, verdictOf(event, reaction));
  }

  block(event: BlockEvent, probe: ProbeDetails): void {
    const { lines, actionLines, history } = this.#parts;
    const { source } = probe;
    const blocked = event.reason === null;
    if (!blocked) lines.write(actionLines, source, (name) => notBlockedLine2(source, name));
    const verdict = verdictAfter(blocked);
    lines.write(actionLines, source, (name) => scanLine2(probe, name, verdict));
    this.#remember(probe, verdict);
    if (blocked && event.source === source)
      lines.named(source, (name) => history?.blocked(event, name, lines.now));
    for (const waiting of this.#take(source)) {
      this.#write({ ...waiting, alreadyBlocked: blocked }, verdict);
    }
  }

  spared(event: ProbeEvent): void {
    for (const probe of [event, ...this.#take(event.source)]) {
      const spared = { ...probe, ignored: event.ignored, isSilent: event.isSilent };
      this.#write(spared, verdictOf(spared, 'none'));
    }
  }

  decoys(event: DecoysEvent): void {
    const { lines, actionLines } = this.#parts;
    lines.write(actionLines, event.source, () => adminLine(messageOf(decoysLine(event))));
  }

  unblocked(): void {}
  scan(): void {}
  forget(): void {}

  tick(now: number): void {
    this.#budget.tick(now);
  }

  close(): void {
    for (const source of [...this.#waiting.keys()]) {
      for (const event of this.#take(source)) this.#write(event, verdictOf(event, 'under way'));
    }
    this.#budget.flush();
  }

  #wait(event: ProbeEvent): void {
    const waiting = this.#waiting.get(event.source) ?? [];
    waiting.push(event);
    this.#waitingCount++;
    this.#waiting.set(event.source, waiting);
  }

  #take(source: string): readonly ProbeEvent[] {
    const waiting = this.#waiting.get(source) ?? [];
    this.#waiting.delete(source);
    this.#waitingCount -= waiting.length;
    return waiting;
  }

  #write(event: ProbeEvent, verdict: Verdict): void {
    const { lines, namedIgnoreFile } = this.#parts;
    if (!this.#budget.allows(lines.now)) return;
    const { source } = event;
    if (isInIgnoreFile(event.ignored)) {
      if (namedIgnoreFile !== null) lines.always(source, () => ignoredLine2(source, namedIgnoreFile));
    } else if (event.alreadyBlocked && verdict.blocked === true) {
      lines.always(source, (name) => alreadyBlockedLine2(source, name));
    }
    lines.always(source, (name) => scanLine2(event, name, verdict));
    this.#remember(event, verdict);
  }

  #remember(probe: ProbeDetails, verdict: Verdict): void {
    const { lines, history } = this.#parts;
    lines.named(probe.source, (name) =>
      history?.write(`${time2(probe.time)} ${scanLine2(probe, name, verdict)}`, lines.now),
    );
  }
}
