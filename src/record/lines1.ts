/**
 * The log lines of PortSentry 1.x, word for word, because logwatch, OSSEC, Prelude and private scripts parse them.
 * Only this file and `lines2.ts` spell `attackalert:`. A `name` is the name of the host, or its address again.
 */

import type { Block } from '../firewall/block.ts';
import type { Transport } from '../net/protocol.ts';
import type { ActionStep, UnblockEvent } from '../respond/event.ts';
import type { DecoysEvent, ProbeDetails, ProbeEvent, ScanEvent } from '../track/event.ts';
import { labelOf } from './labels.ts';
import { scanText } from './scan-text.ts';
import { formatUntil } from './times.ts';

type Where = Pick<ProbeDetails, 'transport' | 'destinationPort'>;

/** A message for the administrator. */
export function adminLine(text: string): string {
  return `adminalert: ${text}`;
}

/** A log line without the word at its beginning. */
export function messageOf(line: string): string {
  return line.slice(line.indexOf(': ') + 2);
}

/** A probe, as an attack or, when it is only noted, as a message. */
export function probeLine(details: ProbeDetails, name: string): string {
  if (details.kind === 'icmp')
    return adminLine(
      `${labelOf(details)} from host: ${name}/${details.source} of type: ${details.destinationPort}`,
    );
  if (details.kind === 'arp')
    return adminLine(
      `${labelOf(details)} from host: ${name}/${details.source} for address: ${details.destination}`,
    );
  return `attackalert: ${labelOf(details)} from host: ${name}/${details.source} to ${portOf(details)}`;
}

/** The same with the scanner's tool at the end (LOG_TOOL="1"), where a reader may expect the port. */
export function probeLineWithTool(event: ProbeEvent, name: string): string {
  return `${probeLine(event, name)}${event.tool === null ? '' : ` (${event.tool}-like)`}`;
}

/** A packet has IP options. */
export function ipOptionsLine(details: ProbeDetails, name: string): string {
  const host = `${name}/${details.source}`;
  return `attackalert: Packet from host: ${host} to ${portOf(details)} has IP options set (detection avoidance technique).`;
}

/** The sum of the probes without a line. The words are the same for one probe, because programs parse them. */
export function sumLine(source: string, name: string, probes: number, ports: number): string {
  const where = ports === 0 ? 'ports named before' : `${ports} ports`;
  return `attackalert: ${probes} more probes from host: ${name}/${source} to ${where}`;
}

/**
 * A scan has ended. 1.x has no such line, and its readers do not take it for another. `began` is the time of its first
 * probe.
 */
export function scanEndedLine(event: ScanEvent, began: string): string {
  const text = scanText(event, began);
  return event.shape === 'arp sweep' ? adminLine(text) : `attackalert: ${text}`;
}

/** Several sources are one sender, or send packets of one make. */
export function decoysLine(event: DecoysEvent): string {
  const { members, isOneSender, spared } = event;
  const how = isOneSender ? 'sent the same packet' : 'sent packets of one make';
  const what = spared ? 'most of them are forged, and none is blocked for it' : 'most of them are forged';
  return `attackalert: Decoys: ${members.length} sources ${how} at once to ${portOf(event)}: ${members.join(' ')}; ${what}`;
}

/** A source is not blocked because of BLOCK_TCP="0" or BLOCK_UDP="0". */
export function noBlockLine(details: ProbeDetails): string {
  return `attackalert: Ignoring ${protocolOf(details)} response per configuration file setting.`;
}

/** The form of the connect modes has one address and a full stop. OSSEC's decoder knows only that one. */
export function alreadyBlockedLine(details: ProbeDetails, name: string): string {
  return details.kind === 'connect'
    ? `attackalert: Host: ${details.source} is already blocked. Ignoring`
    : `attackalert: Host: ${name}/${details.source} is already blocked Ignoring`;
}

/** The result of one action against an address or prefix. */
export function stepLine(target: string, { step, text, failure }: ActionStep): string {
  if (failure === null) return `attackalert: ${DONE[step](target)}: "${text}"`;
  return `attackalert: ERROR: ${FAILED[step](target)}: "${text}": ${failure}`;
}

const DONE: Readonly<Record<ActionStep['step'], (target: string) => string>> = {
  wrappers: (target) => `Host ${target} has been blocked via wrappers with string`,
  route: (target) => `Host ${target} has been blocked via dropped route using command`,
  external: (target) => `External command run for host: ${target} using command`,
};

/** Worded differently from the above, because logwatch counts every "has been blocked". */
const FAILED: Readonly<Record<ActionStep['step'], (target: string) => string>> = {
  wrappers: (target) => `Host ${target} was not blocked via wrappers with string`,
  route: (target) => `Host ${target} was not blocked via dropped route using command`,
  external: (target) => `External command failed for host: ${target} using command`,
};

/** A source could not be blocked. */
export function notBlockedLine(source: string, name: string): string {
  return `attackalert: ERROR: Could not block host ${name}/${source} !!`;
}

/** An administrator has blocked an address or prefix. */
export function blockByHandLine({ target, until, cause }: Block): string {
  return adminLine(
    `Host: ${target} is blocked by hand ${formatUntil(until)}${cause.note === null ? '' : `: ${cause.note}`}`,
  );
}

/** A block has ended. */
export function unblockLine({ entry, how, rule }: UnblockEvent): string {
  const why = rule === null ? ENDS[how] : `it is never to be blocked: ${rule}`;
  return adminLine(`Host: ${entry.block.target} is no longer blocked: ${why}`);
}

const ENDS: Readonly<Record<UnblockEvent['how'], string>> = {
  expired: 'its time is over',
  unblocked: 'it was taken back by hand',
  forgotten: 'an administrator says that it was taken back',
  replaced: 'all of its network is blocked',
  spared: 'it is never to be blocked',
  evicted: 'too many blocks stand, and this one has stood longest',
  failed: 'it could not be put in force',
  decoy: 'it is one of several decoys, most likely forged',
};

/** A never-block rule spared a source that triggered. */
export function refusedLine(source: string, name: string, rule: string): string {
  return adminLine(`Host: ${name}/${source} is never blocked: ${rule}`);
}

/** `TCP port: 111`; for another IP protocol `IP port: 99`, the form that logwatch knows. */
function portOf({ transport, destinationPort }: Where): string {
  return `${protocolOf({ transport })} port: ${destinationPort}`;
}

/** The transport as PortSentry writes it. */
export function protocolOf({ transport }: Pick<ProbeDetails, 'transport'>): Uppercase<Transport> {
  return transport.toUpperCase() as Uppercase<Transport>;
}
