import { isoTime } from '../record/times.ts';
import type { Report, ReportedSource } from './report.ts';

/** The report as one line of JSON, without a line feed. Fractions of probes are those of spread scans. */
export function reportJson(report: Report): string {
  const { blocks } = report;
  return JSON.stringify({
    version: report.version,
    made: isoTime(report.made),
    host: report.host,
    files: report.files,
    since: time(report.since),
    until: time(report.until),
    events: report.events,
    bad_lines: report.badLines,
    first: time(report.first),
    last: time(report.last),
    probes: report.probes,
    scans: report.scans,
    sources: { count: report.sources, at_least: report.hasMoreSources },
    targets: { count: report.targets, at_least: report.hasMoreTargets, names: report.targetNames },
    ports: report.ports,
    blocks: {
      made: blocks.made,
      by_hand: blocks.byHand,
      methods: blocks.methods,
      ends: blocks.ends,
      failures: blocks.failures,
      refusals: blocks.refusals,
      notified: blocks.notified,
      decoy_groups: blocks.decoyGroups,
      spared_decoy_groups: blocks.sparedDecoyGroups,
    },
    bar_ms: report.barMs,
    probes_by_time: report.bars.map(({ start, probes }) => ({
      start: isoTime(start),
      probes: round(probes),
    })),
    top_sources: report.topSources.map(sourceFields),
    other_sources: report.otherSources,
    top_ports: report.topPorts.map((port) => ({ ...port, probes: round(port.probes) })),
    other_ports: { ...report.otherPorts, probes: round(report.otherPorts.probes) },
    kinds: report.kinds,
    tools: report.tools,
    shapes: report.shapes,
    modes: report.modes,
    countries: report.countries,
    networks: report.networks,
    geoip: report.geoFiles,
    hints: report.hints,
  });
}

function sourceFields({ outcome, ...source }: ReportedSource): object {
  return {
    source: source.source,
    sources: source.sources,
    country: source.country,
    country_name: source.countryName,
    asn: source.asn,
    operator: source.operator,
    first: isoTime(source.first),
    last: isoTime(source.last),
    probes: source.probes,
    scans: source.scans,
    ports: source.ports,
    ports_at_least: source.atLeast,
    port_ranges: source.portRanges,
    kinds: source.kinds,
    targets: source.targets,
    target_names: source.targetNames,
    tool: source.tool,
    shape: source.shape,
    evidence: source.evidence,
    decoy: source.isDecoy,
    blocks: source.blocks,
    outcome: outcome && { ...outcome, time: isoTime(outcome.time), until: time(outcome.until) },
  };
}

function time(value: number | null): string | null {
  return value === null ? null : isoTime(value);
}

/** To a thousandth of a probe. */
function round(probes: number): number {
  return Math.round(probes * 1_000) / 1_000;
}
