import type { KindName } from '../classify/kind.ts';
import type { ToolName } from '../classify/tool.ts';
import type { ModeName } from '../config/config.ts';
import type { Evidence } from '../track/evidence.ts';
import type { Shape } from '../track/shape.ts';
import type { SensorStatus } from './status.ts';

/**
 * What was done about a source. `blocked`: a block covers it. `not in force`: a block is due, and the firewall does not have
 * it. `unblocked`: its block has ended. `failed`: its last block did not work. `spared`: a rule keeps it from being blocked.
 * `decoy`: others sent the same at the same time. `logged`: it triggered, and that was written down. `seen`: it has not
 * triggered.
 */
export type Done =
  | 'blocked'
  | 'not in force'
  | 'unblocked'
  | 'failed'
  | 'spared'
  | 'decoy'
  | 'logged'
  | 'seen';

/** One source whose scan goes on, or was over at most a few minutes ago. Times are ms since the epoch. */
export interface ScannerInfo {
  /** Canonical text of an address, or of a prefix when several addresses of one network took part. */
  readonly source: string;
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly probes: number;
  /** Distinct ports; `atLeast`: there was no room to remember them all. */
  readonly ports: number;
  readonly atLeast: boolean;
  /** Distinct addresses of this host. */
  readonly targets: number;
  readonly kinds: readonly KindName[];
  /** The program that most of its probes look like. */
  readonly tool: ToolName | null;
  readonly shape: Shape;
  readonly evidence: Evidence;
  readonly done: Done;
  /** The target of the block that covers it, which may be a network; null without one. */
  readonly target: string | null;
  /** When that block ends; null when it does not, or there is none. */
  readonly until: number | null;
  /** The rule that spares it; null when none does. */
  readonly rule: string | null;
}

/** How the daemon is, as `watch` says it each second. */
export interface WatchHeader {
  /** Ms since the epoch. */
  readonly time: number;
  /** In seconds, with fractions. */
  readonly uptime: number;
  readonly version: string;
  readonly modes: readonly ModeName[];
  readonly dryRun: boolean;
  readonly sensor: SensorStatus['name'];
  /** False while the process that reads packets is gone or gives no sign of life. */
  readonly isWell: boolean;
  /** Probes since the start. */
  readonly probes: number;
  /** Tracked sources, of which a client is told of the first ones only. */
  readonly sources: number;
  /** Sources that the kernel held some seconds ago; null without the kernel sensor. */
  readonly held: number | null;
  /** Blocks that stand. */
  readonly blocked: number;
  /** Reports that were lost, by the last look; null without the kernel sensor. */
  readonly lost: number | null;
  /** A minute brought more new blocks than BLOCK_RATE_MAX, so a source of a single probe is only logged. */
  readonly breakerOpen: boolean;
}

/** What `watch` says each second: how the daemon is, and what has changed since the last time. */
export interface WatchTick {
  readonly header: WatchHeader;
  /** The sources that are new in the first ones, or have changed; at first all of them. */
  readonly sources: readonly ScannerInfo[];
  /** The sources that are no longer among the first ones, by their text. */
  readonly gone: readonly string[];
}
