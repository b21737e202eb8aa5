import { Kind } from '../classify/kind.ts';
import type { Source } from './source.ts';

/**
 * What a scan looks like. `decoy`: one sender with many source addresses; `distributed`: many similar sources; `flood`:
 * hundreds of them to a few ports, which look for nothing; `arp sweep`: a neighbour that asks for many addresses;
 * `traceroute`: a look for the way to us; `slow`: spread out to stay below the limits of detectors; `sweep`: more of our
 * addresses than ports; `vertical`: many ports; `single`: one port of one address.
 */
export const SHAPES = [
  'single',
  'vertical',
  'sweep',
  'arp sweep',
  'traceroute',
  'slow',
  'distributed',
  'decoy',
  'flood',
] as const;

/** One of these shapes. */
export type Shape = (typeof SHAPES)[number];

/** A scan is slow when it has this many steps (ports or addresses), this far apart on average. */
const MIN_SLOW_STEPS = 3;
const SLOW_INTERVAL_MS = 10_000;

/** A group is a flood from this many sources on, twice as many as nmap takes decoys, when it probes this many ports. */
const MIN_FLOOD_SOURCES = 256;
const MAX_FLOOD_PORTS = 8;

/** The shape of one source's scan. */
export function shapeOf({ ports, targets, firstSeen, lastSeen, kinds, probes, marks }: Source): Shape {
  if (isArpSweep(kinds)) return 'arp sweep';
  if (marks.traceroutes * 2 > probes) return 'traceroute';
  const steps = Math.max(ports, targets);
  if (steps >= MIN_SLOW_STEPS && (lastSeen - firstSeen) / (steps - 1) >= SLOW_INTERVAL_MS) return 'slow';
  if (targets > ports) return 'sweep';
  return ports > 1 ? 'vertical' : 'single';
}

/** Whether a scan of this mask of kinds only asks for addresses. */
export function isArpSweep(kinds: number): boolean {
  return kinds === 1 << Kind.arp;
}

/** The shape of a group of this many sources that probed this many different ports together. */
export function groupShapeOf(sources: number, ports: number, isOneSender: boolean): Shape {
  if (sources >= MIN_FLOOD_SOURCES && ports <= MAX_FLOOD_PORTS) return 'flood';
  return isOneSender ? 'decoy' : 'distributed';
}
