import type { LedgerEntry } from '../ledger/entry.ts';
import type { BlockEvent, UnblockEvent } from '../respond/event.ts';
import type { DecoysEvent, ProbeDetails, ProbeEvent, ScanEvent } from '../track/event.ts';
import { hasPorts, timestamp } from './ecs-fields.ts';
import { labelOf } from './labels.ts';
import { protocolOf } from './lines1.ts';

/** What events of every format have below `portsentry`, and what they say to people. */

/** What an event of a probe has besides the fields of every probe. */
export function probeFields(event: ProbeEvent): object {
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

/** The message of a probe. */
export function probeMessage(event: ProbeEvent): string {
  return `${labelOf(event)} ${wayOf(event)}`;
}

/** What an event of a group of decoys has besides the fields of every probe. */
export function decoysFields({ members, isOneSender, spared }: DecoysEvent): object {
  return { decoys: members, one_sender: isOneSender, spared };
}

/** What an event of a block, or of a notifier, has besides the fields of every probe. */
export function blockFields({ target, until, times, method, steps, reason, evidence }: BlockEvent): object {
  return {
    ...{ target, until: until === null ? null : timestamp(until), times, method, steps, reason },
    ...(evidence === undefined ? {} : { evidence }),
  };
}

/** What an event of a block by hand has. */
export function blockByHandFields({ block, method, times }: LedgerEntry): object {
  const { target, until, cause } = block;
  return {
    kind: cause.kind,
    target,
    until: until === null ? null : timestamp(until),
    times,
    method,
    note: cause.note,
  };
}

/** The message of a block, or of a notifier. */
export function blockMessage({ action, target, method, until, reason }: BlockEvent): string {
  if (action === 'notify') return `KILL_RUN_CMD was run for host ${target}, which is not blocked`;
  if (action === 'notify-failed') return `KILL_RUN_CMD failed for host ${target}: ${reason}`;
  if (action === 'block-failed') return `Host ${target} could not be blocked: ${reason}`;
  return `Host ${target} has been blocked by ${method} ${until === null ? 'for ever' : `until ${timestamp(until)}`}`;
}

/** The sum of a scan. */
export function scanFields(event: ScanEvent): object {
  const { first, last, probes, ports, atLeast, ranges, kinds, targets, targetNames } = event;
  const { answered, tried, shape, tool, sources, decoys } = event;
  return {
    first: timestamp(first),
    last: timestamp(last),
    probes,
    ports,
    at_least: atLeast,
    ranges,
    kinds,
    targets,
    target_names: targetNames,
    answered,
    ...(answered === null ? {} : { tried }),
    shape,
    tool,
    sources,
    decoys,
  };
}

/** The first and the last frame of a scan. Both lie in the same file, unless the last one has another. */
export function framesOf({ first, last }: NonNullable<ScanEvent['places']>): object {
  return {
    frame: first.frame,
    last_frame: last.frame,
    ...(last.file === first.file ? {} : { last_file: last.file }),
    ...(first.comment === null ? {} : { comment: first.comment }),
  };
}

/** How a block ended. */
export function unblockFields({ entry, how, rule }: UnblockEvent): object {
  const { block, method, times } = entry;
  const { target, since } = block;
  return { target, since: timestamp(since), times, method, how, rule };
}

function wayOf(event: ProbeDetails): string {
  const { source, destination, destinationPort, transport } = event;
  const way = `from ${source} to ${destination}`;
  if (hasPorts(event)) return `${way} ${protocolOf(event)} port ${destinationPort}`;
  if (transport === 'arp') return way;
  return `${way} ${transport === 'icmp' ? 'type' : 'protocol'} ${destinationPort}`;
}
