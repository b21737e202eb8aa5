import type { KindName } from '../classify/kind.ts';
import type { Evidence } from '../track/evidence.ts';

/** A source that this host has blocked, as others are told of it. Times are of the wall clock, ms since the epoch. */
export interface Report {
  /** Canonical text of an address, or of an IPv6 network whose addresses count as one source. */
  readonly target: string;
  /** When the block began. With `target` it identifies the report. */
  readonly since: number;
  /** When the block ends. */
  readonly until: number;
  readonly evidence: Evidence;
  /** The probe that led to the block. */
  readonly kind: KindName;
  readonly transport: string;
  readonly port: number;
  /** What the source did until then. */
  readonly probes: number;
  readonly ports: number;
  /** The scanner that its probes look like; null when they look like none. */
  readonly tool: string | null;
}

/** A decision that the engine made of a report of this host. */
export interface Said {
  readonly id: string;
  readonly target: string;
  /** When the block began of which it was told; it tells that block from a later one of the same target. */
  readonly since: number;
  /** When the decision was to end. */
  readonly until: number;
}
