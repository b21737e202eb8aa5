import type { Source } from './source.ts';

/**
 * What a scan looks like. `decoy`: one sender with many source addresses; `distributed`: many similar sources;
 * `slow`: spread out to stay below the limits of detectors; `sweep`: more of our addresses than ports; `vertical`:
 * many ports; `single`: one port of one address.
 */
export type Shape = 'single' | 'vertical' | 'sweep' | 'slow' | 'distributed' | 'decoy';

/** A scan is slow when it has this many steps (ports or addresses), this far apart on average. */
const MIN_SLOW_STEPS = 3;
const SLOW_INTERVAL_MS = 10_000;

/** The shape of one source's scan. */
export function shapeOf({ ports, targets, firstSeen, lastSeen }: Source): Shape {
  const steps = Math.max(ports, targets);
  if (steps >= MIN_SLOW_STEPS && (lastSeen - firstSeen) / (steps - 1) >= SLOW_INTERVAL_MS) return 'slow';
  if (targets > ports) return 'sweep';
  return ports > 1 ? 'vertical' : 'single';
}
