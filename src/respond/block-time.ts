import type { Config } from '../config/config.ts';

/** The settings that decide how long a block lasts, in ms; 0 means for ever, or no upper limit. */
export type BlockTimes = Pick<Config, 'blockTime' | 'blockTimeFactor' | 'blockTimeMax'>;

/** A longer block never ends, because its end would not fit into the kernel's timers. */
const CENTURY_MS = 100 * 365.25 * 86_400_000;

/**
 * When a block that begins at `now` ends, in ms since the epoch; null for never. The second block of a source lasts
 * BLOCK_TIME_FACTOR times as long as the first, and so on up to BLOCK_TIME_MAX. `times` includes this block.
 */
export function endOfBlock(
  { blockTime, blockTimeFactor, blockTimeMax }: BlockTimes,
  times: number,
  now: number,
): number | null {
  if (blockTime === 0) return null;
  // A limit below BLOCK_TIME does not shorten the first block.
  const maxMs = blockTimeMax === 0 ? Number.POSITIVE_INFINITY : Math.max(blockTime, blockTimeMax);
  const lengthMs = Math.min(maxMs, blockTime * blockTimeFactor ** (times - 1));
  return lengthMs > CENTURY_MS ? null : Math.round(now + lengthMs);
}
