import { type Address, parseAddress } from '../net/address.ts';
import { type Prefix, parsePrefix } from '../net/prefix.ts';
import type { Blocks } from '../respond/blocks.ts';
import { networkOf } from '../respond/neighbours.ts';
import { mayShare, type Sharing } from '../share/policy.ts';
import type { Report } from '../share/report.ts';
import type { ProbeDetails } from '../track/event.ts';
import type { Tracker } from '../track/tracker.ts';

/** Blocked sources that may still prove that they are genuine. Forged ones push out the oldest: they prove nothing. */
export const MAX_CANDIDATES = 4_096;

/** Candidates that are looked at each second: less than a millisecond. */
const LOOKS_PER_TICK = 512;

/** What the candidates are judged by. */
export interface CandidatesParts {
  readonly blocks: Pick<Blocks, 'find'>;
  readonly tracker: () => Pick<Tracker, 'get'>;
  readonly sharing: () => Sharing;
  /** BLOCK_IPV6_PREFIX. */
  readonly ipv6Prefix: () => number;
  /** A time of the daemon as the wall clock has it, ms since the epoch. */
  readonly toWall: (time: number) => number;
  /** What ends never is reported to end at this time. */
  readonly longestUntil: () => number;
}

interface Candidate {
  readonly details: Pick<ProbeDetails, 'kind' | 'transport' | 'destinationPort'>;
  readonly address: Address;
  readonly target: string;
  /** When its block began, by the clock of the daemon. */
  readonly since: number;
}

/**
 * The sources that this host has blocked and others have not been told of. A block comes at the first probe, and what
 * proves that its source is genuine may come later, so each of them is looked at again, apart from the way of the packets.
 */
export class ShareCandidates {
  readonly #parts: CandidatesParts;
  /** By the text of the source's address. */
  readonly #candidates = new Map<string, Candidate>();

  constructor(parts: CandidatesParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#candidates.size;
  }

  /** Whether this source, or one of this network, waits for a proof. */
  has(target: string): boolean {
    if (this.#candidates.has(target)) return true;
    return target.includes('/') && [...this.#candidates.values()].some((each) => each.target === target);
  }

  /** A block of this target is in force, because of a probe of this source. */
  add({ source, kind, transport, destinationPort }: ProbeDetails, target: string): void {
    const entry = this.#parts.blocks.find(target);
    const address = parseAddress(source);
    if (entry === undefined || address === null) return;
    this.#candidates.delete(source);
    const details = { kind, transport, destinationPort };
    this.#candidates.set(source, { details, address, target, since: entry.block.since });
    if (this.#candidates.size > MAX_CANDIDATES)
      this.#candidates.delete(this.#candidates.keys().next().value as string);
  }

  /** The reports on candidates that others may be told of now, which are candidates no longer. Call it every second. */
  take(): Report[] {
    const reports: Report[] = [];
    let looks = 0;
    for (const [source, candidate] of this.#candidates) {
      if (looks++ === LOOKS_PER_TICK) break;
      this.#candidates.delete(source);
      if (!this.#stands(candidate)) continue;
      const report = this.#reportOn(source, candidate);
      if (report !== null) reports.push(report);
      // Behind the others, so that each gets its turn.
      else this.#candidates.set(source, candidate);
    }
    return reports;
  }

  #stands({ target, since }: Candidate): boolean {
    const entry = this.#parts.blocks.find(target);
    return entry !== undefined && entry.ended === null && entry.block.since === since;
  }

  #reportOn(source: string, { details, address, target, since }: Candidate): Report | null {
    const { tracker, sharing, blocks, toWall, longestUntil } = this.#parts;
    const known = tracker().get(address);
    if (known === undefined) return null;
    const evidence = known.evidenceOf(address);
    const { ports, probes, marks } = known;
    if (!mayShare(evidence, ports, sharing())) return null;
    const until = blocks.find(target)?.block.until ?? null;
    return {
      target: this.#sharedTarget(source, target),
      since: toWall(since),
      until: Math.min(until === null ? Number.POSITIVE_INFINITY : toWall(until), longestUntil()),
      evidence,
      kind: details.kind,
      transport: details.transport,
      port: details.destinationPort,
      probes,
      ports,
      tool: marks.tool.name,
    };
  }

  /** A wide network is blocked here because its addresses added up, of which most may be strangers': one is proven. */
  #sharedTarget(source: string, target: string): string {
    if (!source.includes(':')) return source;
    const network = networkOf(source, this.#parts.ipv6Prefix());
    return lengthOf(target) > lengthOf(network) ? target : network;
  }
}

function lengthOf(target: string): number {
  return (parsePrefix(target) as Prefix).length;
}
