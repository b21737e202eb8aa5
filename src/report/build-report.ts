import { rangesText } from '../record/scan-text.ts';
import { formatTime } from '../record/times.ts';
import type { Origins } from './geo.ts';
import { plainName } from './plain-name.ts';
import type { CountedPort } from './port-counts.ts';
import type { TimeBar } from './probe-times.ts';
import type { Report, ReportedOrigin, ReportedSource, ReportParts } from './report.ts';
import { serviceOf } from './services.ts';
import type { SourceRow } from './source-table.ts';
import type { EventSums } from './sums.ts';

/** Targets that are named. */
const MAX_TARGETS = 16;

/** Countries and networks that have a row of their own. */
const MAX_ORIGINS = 20;

/** A long time of which nearly all probes lie in one bar is more likely a wrong clock than a quiet year. */
const MIN_BARS = 24;
const NEARLY_ALL = 0.99;

/** Makes the report of the sums. */
export function buildReport(sums: EventSums, parts: ReportParts): Report {
  const { read, origins, top, ...rest } = parts;
  const rows = sums.table.rows();
  const topSources = rows.slice(0, top).map((row) => sourceOf(row, origins));
  const ports = sums.ports.all();
  const topPorts = ports.slice(0, top);
  const hasOrigins = origins.paths.length > 0;
  const bars = sums.times.bars();
  return {
    ...rest,
    host: rest.host === null ? null : plainName(rest.host),
    files: rest.files.map(plainName),
    events: read.events,
    badLines: read.badLines,
    troubles: read.troubles.map(plainName),
    first: sums.probes > 0 ? sums.first : null,
    last: sums.probes > 0 ? sums.last : null,
    probes: sums.probes,
    scans: sums.scans,
    sources: sums.sources.size,
    hasMoreSources: sums.hasMoreSources,
    targets: sums.targets.size,
    hasMoreTargets: sums.hasMoreTargets,
    targetNames: [...sums.targets].slice(0, MAX_TARGETS),
    ports: ports.length,
    blocks: {
      made: sums.blocks.total,
      byHand: sums.blocksByHand,
      methods: sums.blocks.all(),
      ends: sums.ends.all(),
      failures: sums.failures.all(),
      refusals: sums.refusals.all(),
      notified: sums.notified,
      decoyGroups: sums.decoyGroups,
      sparedDecoyGroups: sums.sparedDecoyGroups,
    },
    plot: sums.plot.cells(),
    plotLines: sums.plot.lines(),
    barMs: sums.times.stepMs,
    bars,
    topSources,
    otherSources: {
      sources: Math.max(0, sums.sources.size - topSources.length),
      probes: sums.probes - sumOf(topSources),
    },
    topPorts: topPorts.map((port) => ({ ...port, service: serviceOf(port.transport, port.port) })),
    otherPorts: { ports: ports.length - topPorts.length, probes: sumOf(ports.slice(top)) },
    kinds: sums.kinds.all(),
    tools: sums.tools.all(),
    shapes: sums.shapes.all(),
    modes: sums.modes.all(),
    ...(hasOrigins ? originsOf(sums, origins) : { countries: null, networks: null }),
    geoFiles: origins.paths.map(plainName),
    hints: hintsOf(sums, bars),
  };
}

function sumOf(counts: readonly Pick<CountedPort, 'probes'>[]): number {
  return counts.reduce((sum, { probes }) => sum + probes, 0);
}

function sourceOf(row: SourceRow, origins: Origins): ReportedSource {
  const { ranges, sources, shapeProbes: _, ...rest } = row;
  return {
    ...rest,
    ...origins.originOf(row.source),
    sources,
    ports: Math.max(row.ports, ranges.isRough ? 0 : ranges.size),
    atLeast: row.atLeast || (ranges.isRough && row.scans !== 1),
    portRanges: rangesText(ranges.ranges()),
    isRough: ranges.isRough,
    targets: Math.max(row.targets, row.targetNames.length),
  };
}

/** The countries and the networks of the sources. A group counts as the source that it is named after. */
function originsOf({ sources }: EventSums, origins: Origins) {
  const countries = new Map<string | null, Mutable<ReportedOrigin>>();
  const networks = new Map<string | null, Mutable<ReportedOrigin>>();
  for (const [source, probes] of sources) {
    const { country, countryName, asn, operator } = origins.originOf(source);
    count(countries, country, countryName, probes);
    count(networks, asn === null ? null : `AS${asn}`, operator, probes);
  }
  return { countries: sorted(countries), networks: sorted(networks) };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function count(
  into: Map<string | null, Mutable<ReportedOrigin>>,
  code: string | null,
  name: string | null,
  probes: number,
): void {
  const known = into.get(code);
  if (known === undefined) into.set(code, { code, name, sources: 1, probes });
  else {
    known.sources++;
    known.probes += probes;
  }
}

/** Those with the most sources first; the rest as one, and those of unknown origin last. */
function sorted(all: ReadonlyMap<string | null, ReportedOrigin>): ReportedOrigin[] {
  const known = [...all.values()]
    .filter(({ code }) => code !== null)
    .sort(
      (a, b) => b.sources - a.sources || b.probes - a.probes || ((a.code ?? '') < (b.code ?? '') ? -1 : 1),
    );
  const rest = known.slice(MAX_ORIGINS);
  const others =
    rest.length === 0 ? [] : [{ code: 'others', name: `${rest.length} more`, ...together(rest) }];
  const unknown = all.get(null);
  return [...known.slice(0, MAX_ORIGINS), ...others, ...(unknown === undefined ? [] : [unknown])];
}

function together(all: readonly ReportedOrigin[]) {
  return { sources: all.reduce((sum, { sources }) => sum + sources, 0), probes: sumOf(all) };
}

function hintsOf(sums: EventSums, bars: readonly TimeBar[]): string[] {
  const hints: string[] = [];
  const fullest = bars.reduce((one, other) => (other.probes > one.probes ? other : one), {
    start: 0,
    probes: 0,
  });
  if (bars.length >= MIN_BARS && fullest.probes >= NEARLY_ALL * sums.probes)
    hints.push(
      `Nearly all probes came about ${formatTime(fullest.start)}. If a clock was wrong at other times, leave them out with --since and --until.`,
    );
  if (sums.hasMoreSources)
    hints.push('There were more sources than can be kept: probes of the others are in the sums alone.');
  return hints;
}
