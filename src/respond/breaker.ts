import { type Evidence, suffices } from '../track/evidence.ts';

/** Sources are counted over the last minute, in this many buckets of one second. */
const WINDOW_SECONDS = 60;

/**
 * The most counted attempts that are ever demanded. Without this ceiling, forged sources of many probes each would keep
 * every real scanner out. SECURITY.md names the number.
 */
export const MAX_DEMAND = 10;

/** What a breaker is made from. */
export interface BreakerOptions {
  /** BLOCK_RATE_MAX: new blocks a minute. */
  readonly max: number;
  /** Gets one line for the administrator. */
  readonly tell: (text: string) => void;
}

/**
 * An attacker that forges sources can have any address blocked, one for each packet. More new sources a minute than
 * BLOCK_RATE_MAX look forged. The breaker is then open: a source of a single probe, as forged ones usually are, is only
 * logged until fewer come. Each further BLOCK_RATE_MAX of blocks in the same minute raises the number of probes needed
 * by one, up to MAX_DEMAND, so that forging each source twice does not help either; a real scanner sends hundreds. A
 * source whose address is proven is no forged one: it is always admitted, and counts for nothing here.
 */
export class Breaker {
  readonly #tell: (text: string) => void;
  #max: number;
  /** Sources that asked to be blocked, and those that were admitted. */
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

  /** Takes over another BLOCK_RATE_MAX. */
  configure(max: number): void {
    this.#max = max;
  }

  /** Whether a source of `connects` counted attempts may be blocked at `now`, in ms; counts the source. */
  admits(connects: number, evidence: Evidence, now: number): boolean {
    if (suffices(evidence, 'block in a flood')) return true;
    const asked = this.#asked.add(now);
    const admitted = this.#admitted.sum(now);
    if (asked > this.#max) this.#trip();
    const demand = Math.min(MAX_DEMAND, Math.max(2, 1 + Math.floor(admitted / this.#max)));
    if (this.#open && connects < demand) return false;
    this.#admitted.add(now);
    return true;
  }

  /** Must be called every second; `now` in ms. */
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

/** Counts events of the last minute, by seconds. When its clock goes back, it forgets nothing. */
class Minute {
  readonly #buckets = new Uint32Array(WINDOW_SECONDS);
  #second = 0;
  #sum = 0;

  /** Counts one more event; returns the sum. */
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
