import type { Source } from './source.ts';

/**
 * What a scan looks like over time. `decoy`: one sender under many names; `distributed`: many sources that are alike;
 * `slow`: spread out to stay below what others notice; `sweep`: more of our addresses than ports; `vertical`: many
 * ports; `single`: one port of one address.
 */
export type Shape = 'single' | 'vertical' | 'sweep' | 'slow' | 'distributed' | 'decoy';

/** From this many ports or addresses on that were tried this far (ms) apart, on average, a scan is slow. */
const SLOW_PLACES = 3;
const SLOW_INTERVAL = 10_000;

/** The shape of one source's scan. */
export function shapeOf({ ports, targets, firstSeen, lastSeen }: Source): Shape {
  const places = Math.max(ports, targets);
  if (places >= SLOW_PLACES && (lastSeen - firstSeen) / (places - 1) >= SLOW_INTERVAL) return 'slow';
  if (targets > ports) return 'sweep';
  return ports > 1 ? 'vertical' : 'single';
}
