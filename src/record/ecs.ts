/** Events as JSON lines, with the field names of the Elastic Common Schema where it has them. */

import type { LedgerEntry } from '../ledger/entry.ts';
import type { BlockEvent, RefusedEvent, UnblockEvent } from '../respond/event.ts';
import type { CapturePlace } from '../track/capture-place.ts';
import type { DecoysEvent, ProbeDetails, ProbeEvent, ScanEvent } from '../track/event.ts';
import {
  ACTIVE_SCANNING,
  addressOf,
  ECS,
  type EventKind,
  endpoint,
  eventFields,
  hasPorts,
  logOf,
  networkOf,
  networkOfSource,
  related,
  timestamp,
} from './ecs-fields.ts';
import {
  blockByHandFields,
  blockFields,
  blockMessage,
  decoysFields,
  framesOf,
  probeFields,
  probeMessage,
  scanFields,
  unblockFields,
} from './event-fields.ts';
import { labelOf } from './labels.ts';
import {
  blockByHandLine as blockByHandText,
  decoysLine,
  messageOf,
  refusedLine,
  scanEndedLine,
  unblockLine as unblockText,
} from './lines1.ts';

/** Nanoseconds in a millisecond: the unit of `event.duration`. */
const NS_PER_MS = 1_000_000;

/**
 * An event as one line of JSON, without a line feed. `isAlert` is for a probe only: whether it is the one that stands
 * for its source.
 */
export function ecsLine(
  event: ProbeEvent | ScanEvent | DecoysEvent | BlockEvent | RefusedEvent | UnblockEvent,
  isAlert = false,
): string {
  switch (event.action) {
    case 'probe':
      return probeLine(event, isAlert ? 'alert' : 'event', {
        message: probeMessage(event),
        rule: `portsentry ${event.kind}`,
        more: probeFields(event),
      });
    case 'scan':
      return scanLine(event);
    case 'decoys':
      return probeLine(event, 'alert', {
        message: messageOf(decoysLine(event)),
        rule: 'portsentry decoys',
        more: decoysFields(event),
        relatives: event.members,
      });
    case 'refused':
      return probeLine(event, 'event', {
        message: messageOf(refusedLine(event.source, event.source, event.rule)),
        rule: `portsentry ${event.kind}`,
        more: { rule: event.rule },
      });
    case 'unblock':
      return unblockLine(event);
    default:
      return probeLine(event, 'event', {
        message: blockMessage(event),
        rule: `portsentry ${event.kind}`,
        more: blockFields(event),
      });
  }
}

/** The line of a block that an administrator ordered. */
export function blockByHandLine(entry: LedgerEntry): string {
  const { block } = entry;
  return targetLine(
    block.since,
    'block',
    block.target,
    messageOf(blockByHandText(block)),
    blockByHandFields(entry),
  );
}

/** What an event about a probe has besides the fields of the probe. */
interface Addition {
  readonly message: string;
  readonly rule: string;
  readonly more: object;
  /** Addresses that have to do with it besides source and destination. */
  readonly relatives?: readonly string[];
}

function probeLine(
  event: ProbeDetails & { readonly action: string },
  kind: EventKind,
  { message, rule, more, relatives = [] }: Addition,
): string {
  const { time, action, source, sourcePort, destination, destinationPort, mode, place } = event;
  // A ping is no attack.
  const threat = event.kind === 'icmp' || event.kind === 'arp' ? '' : THREAT;
  const icmpType = event.kind === 'icmp' ? `"icmp_type":${destinationPort},` : '';
  // Not one large object for JSON.stringify, because most of it is the same in each line and never needs an escape.
  return (
    `{"@timestamp":"${timestamp(time)}","message":${JSON.stringify(message)},${ECS_TEXT},${logText(place)}` +
    `${eventText(kind, action)},"source":${endpointText(event, source, sourcePort)},` +
    `"destination":${endpointText(event, destination, destinationPort)},` +
    `"network":${JSON.stringify(networkOf(event))},` +
    `"related":${JSON.stringify(related(source, destination, ...relatives))},` +
    `"rule":{"name":"${rule}"},${threat}"portsentry":{"mode":"${mode}","kind":"${event.kind}",` +
    `"label":${JSON.stringify(labelOf(event))},${icmpType}${placeText(place)}${JSON.stringify(more).slice(1)}}`
  );
}

/** The file that an event of a replay is from. Most events have that of the event before. */
function logText(place: CapturePlace | undefined): string {
  if (place === undefined) return '';
  if (place.file !== lastFile) {
    lastFile = place.file;
    lastLogText = `"log":${JSON.stringify(logOf(place))},`;
  }
  return lastLogText;
}

let lastFile: string | null = null;
let lastLogText = '';

function placeText(place: CapturePlace | undefined): string {
  if (place === undefined) return '';
  return `"frame":${place.frame},${place.comment === null ? '' : `"comment":${JSON.stringify(place.comment)},`}`;
}

/** An address or a prefix has no character that JSON escapes. */
function endpointText(event: ProbeDetails, address: string, port: number): string {
  const end = `"address":"${address}","ip":"${addressOf(address)}"`;
  return hasPorts(event) ? `{${end},"port":${port}}` : `{${end}}`;
}

const ECS_TEXT = `"ecs":${JSON.stringify(ECS)}`;
const THREAT = `"threat":${JSON.stringify(ACTIVE_SCANNING)},`;

/** By kind and action, of which there are few. */
const EVENT_TEXTS = new Map<string, string>();

function eventText(kind: EventKind, action: string): string {
  const key = `${kind} ${action}`;
  let text = EVENT_TEXTS.get(key);
  if (text === undefined) {
    text = `"event":${JSON.stringify(eventFields(kind, action))}`;
    EVENT_TEXTS.set(key, text);
  }
  return text;
}

function scanLine(event: ScanEvent): string {
  const { time, source, first, last, targetNames, shape, decoys, places } = event;
  return JSON.stringify({
    '@timestamp': timestamp(time),
    message: messageOf(scanEndedLine(event, timestamp(first))),
    ecs: ECS,
    ...(places === undefined ? {} : { log: logOf(places.first) }),
    event: {
      // A scan that did not trigger, or whose source is spared, is nobody's alarm.
      ...eventFields(event.triggered ? 'alert' : 'event', 'scan'),
      start: timestamp(first),
      end: timestamp(last),
      // In whole milliseconds, as the times are: a capture with finer times has the same event.
      duration: Math.max(0, Math.floor(last) - Math.floor(first)) * NS_PER_MS,
    },
    source: endpoint(source),
    network: networkOfSource(source),
    related: related(source, ...targetNames, ...decoys),
    rule: { name: `portsentry scan ${shape}` },
    threat: ACTIVE_SCANNING,
    portsentry: {
      ...(places === undefined ? {} : framesOf(places)),
      evidence: event.evidence,
      scan: scanFields(event),
    },
  });
}

function unblockLine(event: UnblockEvent): string {
  const { target } = event.entry.block;
  return targetLine(event.time, 'unblock', target, messageOf(unblockText(event)), unblockFields(event));
}

/** The line of an address or a prefix, without a probe. */
function targetLine(time: number, action: string, target: string, message: string, fields: object): string {
  return JSON.stringify({
    '@timestamp': timestamp(time),
    message,
    ecs: ECS,
    event: eventFields('event', action),
    source: endpoint(target),
    network: networkOfSource(target),
    related: related(target),
    portsentry: fields,
  });
}
