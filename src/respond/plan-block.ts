import type { Config } from '../config/config.ts';
import type { Block, BlockCause } from '../firewall/block.ts';
import { type Prefix, parsePrefix } from '../net/prefix.ts';
import { isAmongStrangers } from '../net/shared-networks.ts';
import type { ProbeDetails } from '../track/event.ts';
import { type Evidence, suffices } from '../track/evidence.ts';
import { endOfBlock } from './block-time.ts';
import { networkOf } from './neighbours.ts';

/** What a plan depends on. */
export interface Planning {
  readonly config: Config;
  /** Ms since the epoch. */
  readonly now: number;
  /** How often probes have got a target blocked. */
  readonly timesOf: (target: string) => number;
  /** The single addresses in an IPv6 network that are blocked, or are being blocked. */
  readonly neighbours: (network: string) => readonly string[];
  /** The never-block rule that a block of this network would break. */
  readonly ruleFor: (network: string) => string | null;
}

/**
 * The block for a probe: of the address, or of its network when a neighbour is blocked already or is about to be, and the
 * evidence suffices for that.
 */
export function planBlock(
  planning: Planning,
  details: ProbeDetails,
  connects: number,
  evidence: Evidence,
): Block {
  const { mode, kind, transport, destinationPort, source, family } = details;
  const cause = { mode, kind, transport, destinationPort, connects, note: null };
  const isOfNetwork = family === 6 && suffices(evidence, 'block of a network');
  return block(planning, isOfNetwork ? targetFor(planning, source) : source, family, cause);
}

/** A block by hand of `lengthMs`; null means no end, undefined the configured length. */
export function planBlockByHand(
  planning: Planning,
  target: string,
  cause: BlockCause,
  lengthMs: number | null | undefined,
): Block {
  const planned = block(planning, target, target.includes(':') ? 6 : 4, cause);
  if (lengthMs === undefined) return planned;
  return { ...planned, until: lengthMs === null ? null : planned.since + lengthMs };
}

function block({ config, now, timesOf }: Planning, target: string, family: 4 | 6, cause: BlockCause): Block {
  // A block by hand is no offence, so it lasts as long as a first one.
  const times = cause.kind === 'manual' ? 1 : timesOf(target) + 1;
  return { target, family, since: now, until: endOfBlock(config, times, now), cause };
}

/**
 * An IPv6 host can send from all of a /64, and changes its address by itself (RFC 8981), so a second address counts
 * as the same host. A network that has a never-blocked address, or that strangers share, is not blocked as a whole.
 */
function targetFor({ config, neighbours, ruleFor }: Planning, source: string): string {
  const bits = config.blockIpv6Prefix;
  if (bits === 128) return source;
  const network = networkOf(source, bits);
  if (neighbours(network).every((neighbour) => neighbour === source)) return source;
  const { address } = parsePrefix(network) as Prefix;
  return ruleFor(network) === null && !isAmongStrangers(address) ? network : source;
}
