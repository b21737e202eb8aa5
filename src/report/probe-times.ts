const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** How long a bar may be: each is a multiple of the one before. Longer ones double. */
const STEPS_MS = [
  SECOND_MS,
  5 * SECOND_MS,
  15 * SECOND_MS,
  MINUTE_MS,
  5 * MINUTE_MS,
  15 * MINUTE_MS,
  HOUR_MS,
  3 * HOUR_MS,
  6 * HOUR_MS,
  12 * HOUR_MS,
  DAY_MS,
  7 * DAY_MS,
  28 * DAY_MS,
] as const;

/** With more bars than that, two or more become one. A week has 168 hours. */
const MAX_BARS = 192;

/** The probes of one span of time. */
export interface TimeBar {
  /** When it begins, in ms since the epoch. */
  readonly start: number;
  readonly probes: number;
}

/** Probes by time, in bars whose lengths people use. Memory is fixed. */
export class ProbeTimes {
  #stepMs: number = STEPS_MS[0];
  /** What local time is ahead of UTC, so that a bar of a day begins at midnight. */
  #zoneMs = Number.NaN;
  #bars = new Map<number, number>();
  #first = Number.POSITIVE_INFINITY;
  #last = Number.NEGATIVE_INFINITY;

  /** Adds probes; `time` in ms since the epoch. */
  add(time: number, probes: number): void {
    this.#count(this.#barAt(time), probes);
  }

  /** Adds probes that came evenly between two times. */
  addSpan(first: number, last: number, probes: number): void {
    this.#barAt(first);
    const end = this.#barAt(last);
    const start = this.#barAt(first);
    if (end <= start) {
      this.#count(start, probes);
      return;
    }
    for (let bar = start; bar <= end; bar++) {
      const from = Math.max(first, this.#startOf(bar));
      const to = Math.min(last, this.#startOf(bar + 1));
      this.#count(bar, (probes * (to - from)) / (last - first));
    }
  }

  /** The length of a bar in ms. */
  get stepMs(): number {
    return this.#stepMs;
  }

  /** All bars from the first to the last one, also those without probes. */
  bars(): TimeBar[] {
    if (this.#first > this.#last) return [];
    return Array.from({ length: this.#last - this.#first + 1 }, (_, index) => {
      const bar = this.#first + index;
      return { start: this.#startOf(bar), probes: this.#bars.get(bar) ?? 0 };
    });
  }

  #startOf(bar: number): number {
    return bar * this.#stepMs - this.#zoneMs;
  }

  /** The number of the bar of a time. Makes bars longer until it is one of them. */
  #barAt(time: number): number {
    if (Number.isNaN(this.#zoneMs)) this.#zoneMs = -new Date(time).getTimezoneOffset() * MINUTE_MS;
    for (;;) {
      const bar = Math.floor((time + this.#zoneMs) / this.#stepMs);
      const first = Math.min(this.#first, bar);
      const last = Math.max(this.#last, bar);
      if (last - first < MAX_BARS) {
        this.#first = first;
        this.#last = last;
        return bar;
      }
      this.#lengthen();
    }
  }

  #lengthen(): void {
    const longer = STEPS_MS.find((stepMs) => stepMs > this.#stepMs) ?? this.#stepMs * 2;
    const shrink = (bar: number) => Math.floor((bar * this.#stepMs) / longer);
    const bars = this.#bars;
    this.#bars = new Map();
    for (const [bar, probes] of bars) this.#count(shrink(bar), probes);
    if (this.#first <= this.#last) {
      this.#first = shrink(this.#first);
      this.#last = shrink(this.#last);
    }
    this.#stepMs = longer;
  }

  #count(bar: number, probes: number): void {
    this.#bars.set(bar, (this.#bars.get(bar) ?? 0) + probes);
  }
}
