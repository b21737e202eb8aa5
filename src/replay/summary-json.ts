import { timestamp } from '../record/ecs-fields.ts';
import type { ScanEvent } from '../track/event.ts';
import type { PacketCount, Summary } from './summary.ts';

/** The summary as one line of JSON, without a line feed. The same captures give the same line. */
export function summaryJson(summary: Summary): string {
  const { first, last } = summary;
  return JSON.stringify({
    files: summary.files,
    ...(summary.comments.length === 0 ? {} : { comments: summary.comments }),
    first: first === null ? null : timestamp(first),
    last: last === null ? null : timestamp(last),
    length_ms: first === null || last === null ? null : Number((last - first).toFixed(3)),
    link_types: byName(summary.linkTypes),
    packets: summary.packets,
    left_out: byName(summary.leftOut),
    probes: summary.probes,
    scans: summary.scans,
    sources: { count: summary.sources, at_least: summary.hasMoreSources },
    targets: { count: summary.targets, at_least: summary.hasMoreTargets },
    top_sources: summary.topSources.map(sourceFields),
    top_ports: summary.topPorts,
    hints: summary.hints,
  });
}

function byName(counts: readonly PacketCount[]): Record<string, number> {
  return Object.fromEntries(counts.map(({ name, packets }) => [name, packets]));
}

function sourceFields(event: ScanEvent): object {
  return {
    source: event.source,
    sources: event.sources,
    first: timestamp(event.first),
    last: timestamp(event.last),
    duration_ms: Math.max(0, Math.floor(event.last) - Math.floor(event.first)),
    probes: event.probes,
    kinds: event.kinds,
    ports: event.ports,
    ports_at_least: event.atLeast,
    targets: event.targets,
    tool: event.tool,
    shape: event.shape,
    answered: event.answered,
    tried: event.tried,
  };
}
