import { compareTransports, type Transport } from '../net/protocol.ts';
import type { NumberRange } from './number-sets.ts';

/** The most ranges of one scan that are reported. */
export const MAX_SCANNED_RANGES = 64;

/** The ports from `first` to `last`. For `icmp` the message types, for `ip` the protocol numbers. */
export interface ScannedRange extends NumberRange {
  readonly transport: Transport;
}

/**
 * The ranges in order, joined where they touch or overlap. When there are more than MAX_SCANNED_RANGES, those with the
 * narrowest gaps are joined as well, so that the result covers them all.
 */
export function joinRanges(ranges: readonly ScannedRange[]): ScannedRange[] {
  const sorted = [...ranges].sort((a, b) => compareTransports(a.transport, b.transport) || a.first - b.first);
  const joined: ScannedRange[] = [];
  for (const range of sorted) {
    const before = joined.at(-1);
    if (before === undefined || gapBetween(before, range) > 1) joined.push(range);
    else if (range.last > before.last) joined[joined.length - 1] = { ...before, last: range.last };
  }
  return joined.length > MAX_SCANNED_RANGES ? closeGaps(joined) : joined;
}

/** How many ports the ranges cover, of which none overlap. */
export function countPorts(ranges: readonly ScannedRange[]): number {
  return ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0);
}

function closeGaps(ranges: readonly ScannedRange[]): ScannedRange[] {
  const gaps = ranges
    .slice(1)
    .map((range, index) => ({ index: index + 1, gap: gapBetween(ranges[index] as ScannedRange, range) }));
  const closed = new Set(
    gaps
      .sort((a, b) => a.gap - b.gap)
      .slice(0, ranges.length - MAX_SCANNED_RANGES)
      .map(({ index }) => index),
  );
  const bins: ScannedRange[] = [];
  for (const [index, range] of ranges.entries()) {
    const before = closed.has(index) ? bins.pop() : undefined;
    bins.push(before === undefined ? range : { ...range, first: before.first });
  }
  return bins;
}

/** Endless between transports, so that ranges of two are never joined: there are fewer transports than bins. */
function gapBetween(before: ScannedRange, range: ScannedRange): number {
  return before.transport === range.transport ? range.first - before.last : Number.POSITIVE_INFINITY;
}
