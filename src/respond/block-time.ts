import type { Config } from '../config/config.ts';

/** What decides how long a block lasts; ms, 0 is for ever (without an upper limit). */
export type BlockTimes = Pick<Config, 'blockTime' | 'blockTimeFactor' | 'blockTimeMax'>;

/** A block that would outlast a century ends no more: its end would not fit into any kernel's timer. */
const CENTURY = 100 * 365.25 * 86_400_000;

/**
 * When a block that begins `now` ends (ms since the epoch); null for never. The second of the same source lasts
 * BLOCK_TIME_FACTOR times as long as the first, and so on, but never longer than BLOCK_TIME_MAX. `times` counts
 * this block, too.
 */
export function endOfBlock(
  { blockTime, blockTimeFactor, blockTimeMax }: BlockTimes,
  times: number,
  now: number,
): number | null {
  if (blockTime === 0) return null;
  // A limit below the first block's time is about the longer ones that follow.
  const most = blockTimeMax === 0 ? Number.POSITIVE_INFINITY : Math.max(blockTime, blockTimeMax);
  const length = Math.min(most, blockTime * blockTimeFactor ** (times - 1));
  return length > CENTURY ? null : Math.round(now + length);
}
