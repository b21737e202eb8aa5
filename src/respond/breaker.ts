/** What is counted belongs to the last minute, in so many buckets of one second. */
const WINDOW_SECONDS = 60;

export interface BreakerOptions {
  /** BLOCK_RATE_MAX: new blocks a minute. */
  readonly max: number;
  /** Gets one line for the administrator. */
  readonly tell: (text: string) => void;
}

/**
 * Who forges sources can have any address blocked, and as many as he sends packets. More new ones a minute than
 * BLOCK_RATE_MAX look like that: then a source of a single probe, which is all that a forged one usually is, is
 * only logged, until no more come than that. With each further BLOCK_RATE_MAX of blocks in the same minute one
 * probe more is asked for, so that sources forged twice over do not get by either; a real scanner sends hundreds.
 */
export class Breaker {
  readonly #tell: (text: string) => void;
  #max: number;
  /** Sources that were to be blocked, and those of them that were let be. */
  readonly #asked = new Minute();
  readonly #admitted = new Minute();
  #open = false;

  constructor({ max, tell }: BreakerOptions) {
    this.#max = max;
    this.#tell = tell;
  }

  /** Whether sources of a single probe are only logged. */
  get isOpen(): boolean {
    return this.#open;
  }

  /** BLOCK_RATE_MAX. */
  get threshold(): number {
    return this.#max;
  }

  configure(max: number): void {
    this.#max = max;
  }

  /** Whether a source that has knocked `connects` times may be blocked `now` (ms); counts it. */
  admits(connects: number, now: number): boolean {
    const asked = this.#asked.add(now);
    const admitted = this.#admitted.sum(now);
    if (asked > this.#max) this.#trip();
    if (this.#open && connects < Math.max(2, 1 + Math.floor(admitted / this.#max))) return false;
    this.#admitted.add(now);
    return true;
  }

  /** To be called every second; `now` in ms. */
  tick(now: number): void {
    if (!this.#open || this.#asked.sum(now) > this.#max) return;
    this.#open = false;
    this.#tell('Few new sources come now: those of a single probe are blocked again.');
  }

  #trip(): void {
    if (this.#open) return;
    this.#open = true;
    this.#tell(
      `More than ${this.#max} new sources were to be blocked within a minute (BLOCK_RATE_MAX): they look forged. ` +
        'Those of a single probe are only logged until fewer come.',
    );
  }
}

/** Counts what happened in the last minute, by seconds. Its clock may go back: nothing is forgotten then. */
class Minute {
  readonly #buckets = new Uint32Array(WINDOW_SECONDS);
  #second = 0;
  #sum = 0;

  /** Counts one more; returns how many that are. */
  add(now: number): number {
    this.#advance(now);
    const bucket = this.#second % WINDOW_SECONDS;
    this.#buckets[bucket] = (this.#buckets[bucket] as number) + 1;
    this.#sum++;
    return this.#sum;
  }

  sum(now: number): number {
    this.#advance(now);
    return this.#sum;
  }

  #advance(now: number): void {
    const second = Math.floor(now / 1000);
    const first = Math.max(this.#second + 1, second - WINDOW_SECONDS + 1);
    for (let each = first; each <= second; each++) {
      const bucket = each % WINDOW_SECONDS;
      this.#sum -= this.#buckets[bucket] as number;
      this.#buckets[bucket] = 0;
    }
    this.#second = Math.max(this.#second, second);
  }
}
