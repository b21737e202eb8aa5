import { PORT_COUNT } from '../config/ports.ts';
import type { ScannedRange } from '../track/ranges.ts';
import type { FiledBase, FiledDetails, FiledEvent, FiledProbe, FiledScan } from './filed-event.ts';
import {
  countOf,
  type Fields,
  fieldsOf,
  targetOf,
  targetsOf,
  textOf,
  textsOf,
  timeOf,
  transportOf,
} from './line-fields.ts';

/** What the formats write each in its own way. */
export interface LineFrame extends FiledBase {
  readonly action: unknown;
  /** Where a probe went; all null in events of no probe. */
  readonly details: Pick<FiledDetails, 'transport' | 'destination' | 'port'>;
  /** Of a scan: whether its source triggered. */
  readonly isAlert: boolean;
}

/** The event of a line. `own` is what every format has below `portsentry` (src/record/event-fields.ts). */
export function filedEvent(frame: LineFrame, own: Fields): FiledEvent | null {
  const { action, time, source } = frame;
  switch (action) {
    case 'probe':
      return probeOf(frame, own);
    case 'scan':
      return scanOf(frame, own);
    case 'decoys':
      return {
        action,
        ...detailsOf(frame, own),
        members: targetsOf(own.decoys),
        spared: own.spared === true,
      };
    case 'block':
    case 'block-failed':
    case 'notify':
    case 'notify-failed':
    case 'refused':
      return {
        action,
        ...detailsOf(frame, own),
        target: targetOf(own.target) ?? source,
        until: timeOf(own.until),
        times: countOf(own.times) ?? 0,
        method: textOf(own.method),
        reason: textOf(own.reason),
        note: textOf(own.note),
        rule: textOf(own.rule),
      };
    case 'unblock':
      return {
        action,
        time,
        source,
        target: targetOf(own.target) ?? source,
        since: timeOf(own.since),
        how: textOf(own.how) ?? 'ended',
        rule: textOf(own.rule),
      };
    default:
      return null;
  }
}

/** Most lines are probes. One literal without spreads: with them a line takes twice as long. */
function probeOf(
  { time, source, details: { transport, destination, port } }: LineFrame,
  own: Fields,
): FiledProbe {
  return {
    action: 'probe',
    time,
    source,
    mode: textOf(own.mode),
    kind: textOf(own.kind) ?? 'unknown',
    transport,
    destination,
    port,
    connects: countOf(own.connects) ?? 1,
    triggered: own.triggered === true,
    ignored: textOf(own.ignored),
    evidence: textOf(own.evidence),
    tool: textOf(own.tool),
    decoy: own.decoy === true,
  };
}

function detailsOf({ time, source, details }: LineFrame, own: Fields): FiledDetails {
  return { time, source, mode: textOf(own.mode), kind: textOf(own.kind) ?? 'unknown', ...details };
}

function scanOf({ time, source, isAlert }: LineFrame, own: Fields): FiledScan {
  const scan = fieldsOf(own.scan);
  return {
    action: 'scan',
    time,
    source,
    first: timeOf(scan.first) ?? time,
    last: timeOf(scan.last) ?? time,
    probes: countOf(scan.probes) ?? 0,
    ports: countOf(scan.ports) ?? 0,
    atLeast: scan.at_least === true,
    ranges: Array.isArray(scan.ranges) ? scan.ranges.flatMap(rangeOf) : [],
    kinds: textsOf(scan.kinds),
    targets: countOf(scan.targets) ?? 0,
    targetNames: targetsOf(scan.target_names),
    shape: textOf(scan.shape) ?? 'unknown',
    tool: textOf(scan.tool),
    evidence: textOf(own.evidence),
    sources: Math.max(1, countOf(scan.sources) ?? 1),
    decoys: targetsOf(scan.decoys),
    isAlert,
  };
}

function rangeOf(value: unknown): ScannedRange[] {
  const range = fieldsOf(value);
  const transport = transportOf(range.transport);
  const first = countOf(range.first);
  const last = countOf(range.last);
  if (transport === null || first === null || last === null || first > last || last >= PORT_COUNT) return [];
  return [{ transport, first, last }];
}
