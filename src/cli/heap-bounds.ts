import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** V8's young generation, in both halves, above which it does not grow. */
const MAX_YOUNG_BYTES = 4 * 2 ** 20;

/** V8 collects garbage in the old generation when it has grown by this much since the last time. */
const GROWTH_PERCENT = 10;

/** Above this much memory in all, V8 prefers smaller code and a smaller heap to speed. */
const MAX_QUICK_BYTES = 120e6;

/**
 * Keeps V8's heap small while a replay makes events. By itself V8 lets the young generation grow to 48 MiB (Node 20) or
 * 192 MiB (Node 24) with its spare half, and the old one to four times what is alive: 313 MiB in all for a million
 * forged sources as JSON. V8 reads these flags at each collection, so they work at run time; those for the sizes do not.
 */
export class HeapBounds {
  #isBound = false;
  #isLean = false;

  constructor() {
    setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
  }

  /**
   * Call this now and then. Stops the growth of the young generation when it is large enough to be quick, and makes V8
   * save memory when all tables are about to be full: 15 MB less, for a third more time (bench/replay).
   */
  look(): void {
    if (!this.#isBound && youngBytes() >= MAX_YOUNG_BYTES) {
      this.#isBound = true;
      setFlagsFromString('--semi-space-growth-factor=1');
    }
    if (!this.#isLean && process.memoryUsage.rss() > MAX_QUICK_BYTES) {
      this.#isLean = true;
      setFlagsFromString('--optimize-for-size');
    }
  }
}

function youngBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? 0;
}
