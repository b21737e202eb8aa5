/** One line of an event file as an event. Nothing else reads these lines, whatever the EVENT_FORMAT. */

import { isIP } from 'node:net';
import { PORT_COUNT } from '../config/ports.ts';
import type { BlockEvent } from '../respond/event.ts';
import type { ScannedRange } from '../track/ranges.ts';

/**
 * What a line of an event file says. All texts come from a file that others may have written, so they are any text;
 * addresses are addresses, and numbers are whole and not negative. Times are ms since the epoch. A field is null where an
 * older version did not write it.
 */
export type FiledEvent = FiledProbe | FiledScan | FiledDecoys | FiledAction | FiledUnblock;

/** The transports of events; `ip` is a probe of a bare protocol, whose number is its port. */
export type FiledTransport = 'tcp' | 'udp' | 'sctp' | 'icmp' | 'arp' | 'ip';

interface FiledBase {
  readonly time: number;
  /** An address, or a prefix. */
  readonly source: string;
}

/** What events about one probe have. */
interface FiledDetails extends FiledBase {
  readonly mode: string | null;
  readonly kind: string;
  readonly transport: FiledTransport | null;
  readonly destination: string | null;
  /** For `icmp` the message type, for `ip` the protocol number; null for ARP, and where it is not known. */
  readonly port: number | null;
}

/** A probe. Of each source the daemon writes the first ones alone. */
export interface FiledProbe extends FiledDetails {
  readonly action: 'probe';
  readonly connects: number;
  readonly triggered: boolean;
  /** The rule that spares the source. */
  readonly ignored: string | null;
  readonly evidence: string | null;
  readonly tool: string | null;
  readonly decoy: boolean;
}

/**
 * The sum of a scan. One that goes on is summed up again as a whole: a later event with the same source and the same
 * `first` replaces the earlier one.
 */
export interface FiledScan extends FiledBase {
  readonly action: 'scan';
  readonly first: number;
  readonly last: number;
  readonly probes: number;
  readonly ports: number;
  readonly atLeast: boolean;
  readonly ranges: readonly ScannedRange[];
  readonly kinds: readonly string[];
  readonly targets: number;
  readonly targetNames: readonly string[];
  readonly shape: string;
  readonly tool: string | null;
  readonly evidence: string | null;
  /** Sources of a group; 1 for a source on its own. */
  readonly sources: number;
  readonly decoys: readonly string[];
  readonly isAlert: boolean;
}

/** A group of decoys. */
export interface FiledDecoys extends FiledDetails {
  readonly action: 'decoys';
  readonly members: readonly string[];
  readonly spared: boolean;
}

/** What came of the actions against a source: a block, a notification, or the rule that spares it. */
export interface FiledAction extends FiledDetails {
  readonly action: BlockEvent['action'] | 'refused';
  readonly target: string;
  /** When the block ends by itself; null for never. */
  readonly until: number | null;
  readonly times: number;
  readonly method: string | null;
  /** Why it failed. */
  readonly reason: string | null;
  /** The note of a block by hand. */
  readonly note: string | null;
  /** The never-block rule. */
  readonly rule: string | null;
}

/** The end of a block. */
export interface FiledUnblock extends FiledBase {
  readonly action: 'unblock';
  readonly target: string;
  readonly since: number | null;
  readonly how: string;
  readonly rule: string | null;
}

/** The event of a line; null for a line that is none of ours. Never throws. */
export function parseEventLine(line: string): FiledEvent | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return null;
  }
  return isFields(parsed) ? ecsEvent(parsed) : null;
}

type Fields = Readonly<Record<string, unknown>>;

const NOTHING: Fields = {};

/** An event in the names of the Elastic Common Schema (src/record/ecs.ts). */
function ecsEvent(fields: Fields): FiledEvent | null {
  const time = timeOf(fields['@timestamp']);
  const event = fieldsOf(fields.event);
  const own = fieldsOf(fields.portsentry);
  const from = fieldsOf(fields.source);
  // Until 2026 a prefix stood in `ip`, and there was no `address`.
  const source = targetOf(from.address) ?? targetOf(from.ip);
  if (time === null || source === null) return null;
  const base = { time, source };
  switch (event.action) {
    case 'probe':
      return {
        action: 'probe',
        ...base,
        ...detailsOf(fields, own),
        connects: countOf(own.connects) ?? 1,
        triggered: own.triggered === true,
        ignored: textOf(own.ignored),
        evidence: textOf(own.evidence),
        tool: textOf(own.tool),
        decoy: own.decoy === true,
      };
    case 'scan':
      return scanOf(base, own, event.kind === 'alert');
    case 'decoys':
      return {
        action: 'decoys',
        ...base,
        ...detailsOf(fields, own),
        members: targetsOf(own.decoys),
        spared: own.spared === true,
      };
    case 'block':
    case 'block-failed':
    case 'notify':
    case 'notify-failed':
    case 'refused':
      return {
        action: event.action,
        ...base,
        ...detailsOf(fields, own),
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
        action: 'unblock',
        ...base,
        target: targetOf(own.target) ?? source,
        since: timeOf(own.since),
        how: textOf(own.how) ?? 'ended',
        rule: textOf(own.rule),
      };
    default:
      return null;
  }
}

function detailsOf(fields: Fields, own: Fields) {
  const network = fieldsOf(fields.network);
  const destination = fieldsOf(fields.destination);
  const transport = transportOf(network);
  return {
    mode: textOf(own.mode),
    kind: textOf(own.kind) ?? 'unknown',
    transport,
    destination: targetOf(destination.address) ?? targetOf(destination.ip),
    port: portOf(transport, network, destination, own),
  };
}

/** A bare protocol has its number instead of a transport. */
function transportOf(network: Fields): FiledTransport | null {
  switch (network.transport) {
    case 'tcp':
    case 'udp':
    case 'sctp':
    case 'icmp':
    case 'arp':
    case 'ip':
      return network.transport;
    case 'ipv6-icmp':
      return 'icmp';
    default:
      return network.iana_number === undefined ? null : 'ip';
  }
}

function portOf(
  transport: FiledTransport | null,
  network: Fields,
  destination: Fields,
  own: Fields,
): number | null {
  const port = Number(
    (transport === 'icmp' ? own.icmp_type : undefined) ??
      (transport === 'ip' ? network.iana_number : undefined) ??
      destination.port ??
      Number.NaN,
  );
  return Number.isInteger(port) && port >= 0 && port < PORT_COUNT ? port : null;
}

function scanOf(base: FiledBase, own: Fields, isAlert: boolean): FiledScan {
  const scan = fieldsOf(own.scan);
  const first = timeOf(scan.first) ?? base.time;
  return {
    action: 'scan',
    ...base,
    first,
    last: timeOf(scan.last) ?? base.time,
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
  const { transport: name, first, last } = fieldsOf(value);
  const transport = transportOf({ transport: name });
  const low = countOf(first);
  const high = countOf(last);
  if (transport === null || low === null || high === null || low > high || high >= PORT_COUNT) return [];
  return [{ transport, first: low, last: high }];
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : NOTHING;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function countOf(value: unknown): number | null {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : null;
}

/** The end of the year 9999. A time beyond it has no usual text, and a picture no place for it. */
const LAST_TIME = Date.parse('9999-12-31T23:59:59.999Z');

function timeOf(value: unknown): number | null {
  if (typeof value !== 'string') return null;
  const time = Date.parse(value);
  return time >= 0 && time <= LAST_TIME ? time : null;
}

/** An address or a prefix. The last one is kept, because many events of one source follow each other. */
function targetOf(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  if (value === lastTarget) return lastTarget;
  const slash = value.indexOf('/');
  if (isIP(slash < 0 ? value : value.slice(0, slash)) === 0) return null;
  if (slash >= 0 && !/^\d{1,3}$/.test(value.slice(slash + 1))) return null;
  lastTarget = value;
  return value;
}

let lastTarget = '';

function targetsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.flatMap((item) => targetOf(item) ?? []) : [];
}
