import type { Origin, Origins } from './geo.ts';
import type { NamedCount } from './named-counts.ts';
import type { CountedPort } from './port-counts.ts';
import type { PlotCells } from './port-plot.ts';
import type { TimeBar } from './probe-times.ts';
import type { EventsRead } from './read-events.ts';
import type { Outcome } from './source-table.ts';

/** A source with the most probes. Times are ms since the epoch. */
export interface ReportedSource extends Origin {
  readonly source: string;
  /** Sources of the group; 1 for a source on its own. */
  readonly sources: number;
  readonly probes: number;
  readonly scans: number;
  readonly ports: number;
  /** There may be more ports. */
  readonly atLeast: boolean;
  /** `TCP 1-6,8 UDP 53`; ranges may be wider than what was probed when `isRough`. */
  readonly portRanges: string;
  readonly isRough: boolean;
  readonly kinds: readonly string[];
  readonly targets: number;
  readonly targetNames: readonly string[];
  readonly tool: string | null;
  readonly shape: string | null;
  readonly evidence: string | null;
  readonly isDecoy: boolean;
  readonly first: number;
  readonly last: number;
  readonly blocks: number;
  readonly outcome: Outcome | null;
}

/** A port, its usual service and its probes. */
export interface ReportedPort extends CountedPort {
  readonly service: string | null;
}

/** The sources of a country or of an autonomous system. */
export interface ReportedOrigin {
  /** `DE`, or `AS64500`; null for sources whose origin is not known. */
  readonly code: string | null;
  readonly name: string | null;
  readonly sources: number;
  readonly probes: number;
}

/** What a report says. Times are ms since the epoch. */
export interface Report {
  readonly version: string;
  readonly made: number;
  /** The host, when the events are its own. */
  readonly host: string | null;
  readonly files: readonly string[];
  readonly since: number | null;
  readonly until: number | null;
  readonly events: number;
  readonly badLines: number;
  readonly troubles: readonly string[];
  /** The times of the first and the last probe; null without probes. */
  readonly first: number | null;
  readonly last: number | null;
  readonly probes: number;
  readonly scans: number;
  readonly sources: number;
  readonly hasMoreSources: boolean;
  readonly targets: number;
  readonly hasMoreTargets: boolean;
  readonly targetNames: readonly string[];
  /** Different ports, of all transports. */
  readonly ports: number;
  readonly blocks: BlockSums;
  readonly plot: PlotCells | null;
  /** The same plot in Braille. */
  readonly plotLines: readonly string[];
  readonly barMs: number;
  readonly bars: readonly TimeBar[];
  readonly topSources: readonly ReportedSource[];
  /** Sources, and their probes, that are not among those. */
  readonly otherSources: { readonly sources: number; readonly probes: number };
  readonly topPorts: readonly ReportedPort[];
  readonly otherPorts: { readonly ports: number; readonly probes: number };
  readonly kinds: readonly NamedCount[];
  readonly tools: readonly NamedCount[];
  readonly shapes: readonly NamedCount[];
  readonly modes: readonly NamedCount[];
  /** null without a database. */
  readonly countries: readonly ReportedOrigin[] | null;
  readonly networks: readonly ReportedOrigin[] | null;
  readonly geoFiles: readonly string[];
  readonly hints: readonly string[];
}

/** What was done. */
export interface BlockSums {
  readonly made: number;
  readonly byHand: number;
  readonly methods: readonly NamedCount[];
  readonly ends: readonly NamedCount[];
  readonly failures: readonly NamedCount[];
  readonly refusals: readonly NamedCount[];
  readonly notified: number;
  readonly decoyGroups: number;
  readonly sparedDecoyGroups: number;
}

/** What a report is made of besides the sums. */
export interface ReportParts {
  readonly version: string;
  readonly made: number;
  readonly host: string | null;
  readonly files: readonly string[];
  readonly since: number | null;
  readonly until: number | null;
  readonly read: EventsRead;
  /** How many sources and ports are named. */
  readonly top: number;
  readonly origins: Origins;
}
