import { type Notice, type NoticeKind, URGENCY } from './notice.ts';

/** Notices that a message tells in full. The others are counted. A flood displaces the less urgent and the smaller ones. */
export const MAX_TOLD = 10;

/** All notices that one message is made of. Times are ms since the epoch by the wall clock. */
export interface Grouped {
  /** How many there are of each kind; kinds that there are none of are left out. */
  readonly counts: ReadonlyMap<NoticeKind, number>;
  /** The probes of all scans. */
  readonly probes: number;
  /** MAX_TOLD at most, in the order of their times. */
  readonly told: readonly Notice[];
  /** When the first and the last one came. */
  readonly since: number;
  readonly until: number;
}

/**
 * The notices that wait for the next message. Its size is bounded, and adding one costs the same however many came
 * before, so that neither a flood of scans nor a receiver that is away for days takes memory or time.
 */
export class Group {
  readonly #counts = new Map<NoticeKind, number>();
  /** From the most important on. */
  readonly #told: Notice[] = [];
  #probes = 0;
  #since = Number.POSITIVE_INFINITY;
  #until = Number.NEGATIVE_INFINITY;

  /** How many notices wait. */
  get size(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  get isEmpty(): boolean {
    return this.#counts.size === 0;
  }

  add(notice: Notice): void {
    const { kind, time, weight } = notice;
    this.#count(kind, 1);
    if (kind === 'scan') this.#probes += weight;
    this.#spans(time, time);
    this.#tell(notice);
  }

  /** Takes everything out. */
  take(): Grouped {
    const grouped = {
      counts: new Map(this.#counts),
      probes: this.#probes,
      told: this.#told.toSorted((a, b) => a.time - b.time),
      since: this.#since,
      until: this.#until,
    };
    this.#counts.clear();
    this.#told.length = 0;
    this.#probes = 0;
    this.#since = Number.POSITIVE_INFINITY;
    this.#until = Number.NEGATIVE_INFINITY;
    return grouped;
  }

  /** Puts back what could not be delivered; the next message tells of both. */
  putBack({ counts, probes, told, since, until }: Grouped): void {
    for (const [kind, count] of counts) this.#count(kind, count);
    this.#probes += probes;
    this.#spans(since, until);
    for (const notice of told) this.#tell(notice);
  }

  #count(kind: NoticeKind, count: number): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + count);
  }

  #spans(since: number, until: number): void {
    this.#since = Math.min(this.#since, since);
    this.#until = Math.max(this.#until, until);
  }

  #tell(notice: Notice): void {
    const told = this.#told;
    if (told.length === MAX_TOLD && !isBefore(notice, told[MAX_TOLD - 1] as Notice)) return;
    const place = told.findIndex((other) => isBefore(notice, other));
    told.splice(place < 0 ? told.length : place, 0, notice);
    if (told.length > MAX_TOLD) told.pop();
  }
}

function isBefore(a: Notice, b: Notice): boolean {
  const urgency = URGENCY[a.kind] - URGENCY[b.kind];
  return urgency === 0 ? a.weight > b.weight : urgency > 0;
}
