/** The fields of the Elastic Common Schema (ECS) that several events have. */

import type { CapturePlace } from '../track/capture-place.ts';
import type { ProbeDetails } from '../track/event.ts';

/** Whether an event deserves attention by itself (`alert`): Elastic's stock rule raises an alarm for each. */
export type EventKind = 'alert' | 'event';

/** The version of the schema. */
export const ECS = { version: '8.17.0' } as const;

/** What a scan is in MITRE ATT&CK. */
export const ACTIVE_SCANNING = {
  framework: 'MITRE ATT&CK',
  tactic: { id: ['TA0043'], name: ['Reconnaissance'] },
  technique: { id: ['T1595'], name: ['Active Scanning'] },
} as const;

/** Elastic's numbers for "low" and "medium". */
const SEVERITY: Readonly<Record<EventKind, number>> = { event: 21, alert: 47 };

const TYPES: Readonly<Record<string, readonly string[]>> = { block: ['denied'], unblock: ['allowed'] };
const INFO = ['info'];
const CATEGORY = ['network', 'intrusion_detection'];

/** The `event` of an event with this action. */
export function eventFields(kind: EventKind, action: string) {
  return {
    kind,
    category: CATEGORY,
    type: TYPES[action] ?? INFO,
    action,
    module: 'portsentry',
    dataset: 'portsentry.events',
    severity: SEVERITY[kind],
  };
}

/** The `source` or `destination` of an address or a prefix. The type of `ip` takes no prefix, `address` does. */
export function endpoint(address: string, port?: number) {
  const ip = addressOf(address);
  return port === undefined ? { address, ip } : { address, ip, port };
}

/** The address, or that of a prefix. */
export function addressOf(target: string): string {
  const slash = target.indexOf('/');
  return slash < 0 ? target : target.slice(0, slash);
}

/** Whether the probe's transport has ports. For ICMP `destinationPort` is a type, for `ip` a protocol number. */
export function hasPorts({ transport }: Pick<ProbeDetails, 'transport'>): boolean {
  return transport === 'tcp' || transport === 'udp' || transport === 'sctp';
}

/** The `network` of a probe. */
export function networkOf({ transport, family, destinationPort }: ProbeDetails) {
  const rest = { type: networkType(family), direction: DIRECTION };
  if (transport === 'ip') return { iana_number: String(destinationPort), ...rest };
  return { transport: transport === 'icmp' && family === 6 ? 'ipv6-icmp' : transport, ...rest };
}

/** The `network` of an event about a source. */
export function networkOfSource(source: string) {
  return { type: networkType(addressOf(source).includes(':') ? 6 : 4), direction: DIRECTION };
}

/** The `log` of an event from a capture. */
export function logOf({ file }: CapturePlace) {
  return { file: { path: file } };
}

/** The `related` of an event about these addresses and prefixes, each once. */
export function related(...targets: readonly string[]) {
  return { ip: [...new Set(targets.map(addressOf))] };
}

/** A time in ms since the epoch, as events have it. */
export function timestamp(time: number): string {
  const second = Math.floor(time / 1_000);
  if (second !== lastSecond) {
    lastText = new Date(second * 1_000).toISOString().slice(0, -'000Z'.length);
    lastSecond = second;
  }
  return `${lastText}${String(Math.floor(time) - second * 1_000).padStart(3, '0')}Z`;
}

/** The second of the last time, and its text: many events come in one second. */
let lastSecond = 0;
let lastText = '1970-01-01T00:00:00.';

/** From the view of this host. */
const DIRECTION = 'ingress';

function networkType(family: 4 | 6): 'ipv4' | 'ipv6' {
  return family === 4 ? 'ipv4' : 'ipv6';
}
