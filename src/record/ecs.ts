/** Events as JSON lines, with the field names of the Elastic Common Schema where it has them. */

import type { LedgerEntry } from '../ledger/entry.ts';
import type { BlockEvent, RefusedEvent, UnblockEvent } from '../respond/event.ts';
import type { DecoysEvent, ProbeDetails, ProbeEvent, ScanEvent } from '../track/event.ts';
import { labelOf } from './labels.ts';

/** An event as one line of JSON, without a line feed. */
export function ecsLine(
  event: ProbeEvent | ScanEvent | DecoysEvent | BlockEvent | RefusedEvent | UnblockEvent,
): string {
  switch (event.action) {
    case 'probe':
      // A ping or a question for an address is no attack.
      return probeLine(
        event,
        event.kind === 'icmp' || event.kind === 'arp' ? 'event' : 'alert',
        probeFields(event),
      );
    case 'scan':
      return scanLine(event);
    case 'decoys':
      return probeLine(event, 'alert', decoysFields(event));
    case 'refused':
      return probeLine(event, 'event', { rule: event.rule });
    case 'unblock':
      return unblockLine(event);
    default:
      return probeLine(event, 'event', blockFields(event));
  }
}

/** The line of a block that an administrator ordered. */
export function blockByHandLine({ block, method, times }: LedgerEntry): string {
  const { target, since, until, cause, family } = block;
  return targetLine(since, 'block', target, family, {
    kind: cause.kind,
    target,
    until: until === null ? null : timestamp(until),
    times,
    method,
    note: cause.note,
  });
}

function blockFields({ target, until, times, method, steps, reason }: BlockEvent): object {
  return { target, until: until === null ? null : timestamp(until), times, method, steps, reason };
}

function probeFields(event: ProbeEvent): object {
  return {
    connects: event.connects,
    triggered: event.triggered,
    ignored: event.ignored,
    repeat: event.repeat,
    ip_options: event.ipOptions,
    fragmented: event.fragmented,
    evidence: event.evidence,
    tool: event.tool,
    decoy: event.decoy,
    ...(event.note === null ? {} : { note: event.note }),
  };
}

function decoysFields({ members, isOneSender, spared }: DecoysEvent): object {
  return { decoys: members, one_sender: isOneSender, spared };
}

function probeLine(
  event: ProbeDetails & { readonly action: string },
  kind: 'alert' | 'event',
  more: object,
): string {
  return JSON.stringify({
    '@timestamp': timestamp(event.time),
    event: eventFields(kind, event.action),
    source: { ip: event.source, port: event.sourcePort },
    destination: { ip: event.destination, port: event.destinationPort },
    network: { transport: event.transport, type: networkType(event.family) },
    portsentry: { mode: event.mode, kind: event.kind, label: labelOf(event), ...more },
  });
}

function scanLine(event: ScanEvent): string {
  const { time, source, family, first, last, probes, ports, kinds, targets } = event;
  const { shape, tool, sources, decoys } = event;
  const scan = { first: timestamp(first), last: timestamp(last), probes, ports, kinds, targets };
  return JSON.stringify({
    '@timestamp': timestamp(time),
    event: eventFields('alert', 'scan'),
    source: { ip: source },
    network: { type: networkType(family) },
    portsentry: { scan: { ...scan, shape, tool, sources, decoys } },
  });
}

function unblockLine({ time, entry, how, rule }: UnblockEvent): string {
  const { block, method, times } = entry;
  const { target, since, family } = block;
  const fields = { target, since: timestamp(since), times, method, how, rule };
  return targetLine(time, 'unblock', target, family, fields);
}

/** The line of an address or a prefix, without a probe. */
function targetLine(time: number, action: string, target: string, family: 4 | 6, fields: object): string {
  const [address] = target.split('/');
  return JSON.stringify({
    '@timestamp': timestamp(time),
    event: eventFields('event', action),
    source: { ip: address },
    network: { type: networkType(family) },
    portsentry: fields,
  });
}

function eventFields(kind: 'alert' | 'event', action: string): object {
  return { kind, category: ['intrusion_detection'], action };
}

function networkType(family: 4 | 6): 'ipv4' | 'ipv6' {
  return family === 4 ? 'ipv4' : 'ipv6';
}

function timestamp(time: number): string {
  return new Date(time).toISOString();
}
