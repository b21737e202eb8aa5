import { monotonicMs } from '../sensor/monotonic.ts';

/** Smaller differences are not worth a word. A clock that is slewed at 500 ppm (adjtimex(2)) needs more than an hour for it. */
const STEP_MS = 2_000;

/** The clocks of the host, in ms. */
export interface HostClocks {
  /** Since the epoch; anybody may set it. */
  readonly wall: () => number;
  /** CLOCK_MONOTONIC, the same for all processes: it never steps, and stands still while the host is suspended. */
  readonly monotonic: () => number;
}

/** The clocks of this host. */
export const HOST_CLOCKS: HostClocks = {
  wall: Date.now,
  monotonic: monotonicMs,
};

/**
 * The time by which everything in the daemon lasts: ms since the epoch as the wall clock had it at the start, and from
 * then on by the monotonic clock. So neither a step of the wall clock nor a suspended host makes a block end early or
 * late, or differently in the kernel, whose time-outs go by the monotonic clock, too. People, files and other programs get
 * times of the wall clock as it is now: `toWall`.
 */
export class SteadyClock {
  readonly #clocks: HostClocks;
  /** What the wall clock is ahead of this one, by the last look. */
  #aheadMs = 0;
  /** What a time of this clock is ahead of the monotonic clock. */
  readonly baseMs: number;

  constructor(clocks: HostClocks = HOST_CLOCKS) {
    this.#clocks = clocks;
    this.baseMs = clocks.wall() - clocks.monotonic();
  }

  /** The time now, in whole ms. */
  readonly now = (): number => Math.floor(this.baseMs + this.#clocks.monotonic());

  /** The time now, with fractions of a ms. */
  readonly precisely = (): number => this.baseMs + this.#clocks.monotonic();

  /** A time of this clock as the wall clock has it. */
  readonly toWall = (time: number): number => time + this.#aheadMs;

  /** A time of the wall clock, as it is set now, by this clock. */
  readonly fromWall = (time: number): number => time - this.#aheadMs;

  /** Compares the clocks; must be called every second. Returns by how much (ms) the wall clock was moved, 0 for not. */
  look(): number {
    const aheadMs = Math.round(this.#clocks.wall() - this.now());
    const movedMs = aheadMs - this.#aheadMs;
    if (Math.abs(movedMs) < STEP_MS) return 0;
    this.#aheadMs = aheadMs;
    return movedMs;
  }
}
