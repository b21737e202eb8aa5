const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** The most lines in a second and in a day. */
export interface LineLimits {
  readonly perSecond: number;
  readonly perDay: number;
}

/**
 * How many lines probes may have, so that forged sources cannot fill a disk. A day begins with its first line. Reports
 * once a minute how many lines were refused.
 */
export class LineBudget {
  readonly #limits: LineLimits;
  readonly #tell: (text: string) => void;
  readonly #second = new Span(SECOND_MS);
  readonly #day = new Span(DAY_MS);
  #refused = 0;
  #reported = Number.NEGATIVE_INFINITY;
  #toldOfDay = false;

  /** `tell` gets one line for the administrator. */
  constructor(limits: LineLimits, tell: (text: string) => void) {
    this.#limits = limits;
    this.#tell = tell;
  }

  /** Whether one more line may be written at `now` (ms). */
  allows(now: number): boolean {
    const { perSecond, perDay } = this.#limits;
    if (this.#day.begins(now)) this.#toldOfDay = false;
    this.#second.begins(now);
    if (this.#second.count < perSecond && this.#day.count < perDay) {
      this.#second.count++;
      this.#day.count++;
      return true;
    }
    if (this.#refused === 0) this.#reported = now;
    this.#refused++;
    if (this.#day.count >= perDay && !this.#toldOfDay) {
      this.#toldOfDay = true;
      this.#tell(`Probes have had ${perDay} lines within a day; until it is over they are only counted.`);
    }
    return false;
  }

  /** Call every second. */
  tick(now: number): void {
    if (this.#refused > 0 && Math.abs(now - this.#reported) >= MINUTE_MS) this.flush();
  }

  /** Reports what was refused without waiting for the end of the minute. */
  flush(): void {
    const { perSecond, perDay } = this.#limits;
    const refused = this.#refused;
    this.#refused = 0;
    if (refused === 0) return;
    this.#tell(`${refused} probes have no line, above ${perSecond} a second or ${perDay} a day.`);
  }
}

/** A span of time and what was counted in it. */
class Span {
  count = 0;
  readonly #lengthMs: number;
  #start = Number.NEGATIVE_INFINITY;

  constructor(lengthMs: number) {
    this.#lengthMs = lengthMs;
  }

  /** Begins a new span if the last one is over, or if the clock was set back by as much; then true. */
  begins(now: number): boolean {
    if (Math.abs(now - this.#start) < this.#lengthMs) return false;
    this.#start = now;
    this.count = 0;
    return true;
  }
}
