import type { LeftAnswer } from '../classify/answer.ts';
import { Kind } from '../classify/kind.ts';
import type { Probe } from '../classify/probe.ts';
import { readAnswer, readProbe } from './record-format.ts';

/** A record may be this old, or this far ahead when the clock is set back. A flood waits for no longer than that. */
const MAX_TIME_DIFFERENCE_MS = 5_000;

/** How often refused records are logged. */
const REPORT_INTERVAL_MS = 60_000;

/** What a check works with. */
export interface RecordCheckParts {
  /** The clock of the daemon, which the sensor's times go by, in ms since the epoch. */
  readonly now: () => number;
  /** Logs one line for the administrator. */
  readonly tell: (text: string) => void;
}

/**
 * Reads the records of a sensor that an attacker may have taken over, and believes none that cannot be true. A far time
 * would outlive the sensor: a port would count as in use until then.
 */
export class RecordCheck {
  readonly #parts: RecordCheckParts;
  #refused = 0;
  #retimed = 0;
  #reported = { refused: 0, retimed: 0 };
  #reportedMs = Number.NEGATIVE_INFINITY;

  constructor(parts: RecordCheckParts) {
    this.#parts = parts;
  }

  /** Records that no sensor of ours sends. */
  get refused(): number {
    return this.#refused;
  }

  /** Records whose time was too far off, and was replaced by that of their arrival. */
  get retimed(): number {
    return this.#retimed;
  }

  /** Counts a record that was refused elsewhere. */
  refuse(): void {
    this.#refused++;
  }

  /** Fills `probe`; false for a record that cannot be true. Only the main process sees connections that it accepts. */
  readProbe(view: DataView, offset: number, probe: Probe): boolean {
    if (readProbe(view, offset, probe) && probe.kind !== Kind.connect) return this.#isTimed(probe);
    this.#refused++;
    return false;
  }

  /** Fills `answer`; false for a record that cannot be true. */
  readAnswer(view: DataView, offset: number, answer: LeftAnswer): boolean {
    if (readAnswer(view, offset, answer)) return this.#isTimed(answer);
    this.#refused++;
    return false;
  }

  /** Must be called every second; `now` on the monotonic clock, ms. */
  tick(now: number): void {
    const { refused, retimed } = this.#reported;
    const news = { refused: this.#refused - refused, retimed: this.#retimed - retimed };
    if (news.refused + news.retimed === 0 || now - this.#reportedMs < REPORT_INTERVAL_MS) return;
    this.#reportedMs = now;
    this.#reported = { refused: this.#refused, retimed: this.#retimed };
    this.#parts.tell(
      `Of the records of the sensor ${news.refused} could not be true and were refused; ` +
        `${news.retimed} had a time that was more than ${MAX_TIME_DIFFERENCE_MS / 1_000} s off, and got that of their arrival.`,
    );
  }

  #isTimed(record: { time: number }): true {
    const now = this.#parts.now();
    if (Math.abs(now - record.time) <= MAX_TIME_DIFFERENCE_MS) return true;
    record.time = now;
    this.#retimed++;
    return true;
  }
}
