/** The lines of PortSentry 2.x, word for word. A `name` is the name of the host, or its address again. */
import type { Reaction } from '../respond/event.ts';
import type { ProbeDetails, ProbeEvent } from '../track/event.ts';
import { isInIgnoreFile } from './form.ts';
import { labelOf } from './labels.ts';
import { protocolOf } from './lines1.ts';

/** A value in a line of 2.x; `unset` means not asked, or not decided yet. */
type Ternary = boolean | 'unset';

/** The last four fields of a line of 2.x. */
export interface Verdict {
  readonly ignored: boolean;
  readonly triggered: Ternary;
  readonly noBlock: Ternary;
  readonly blocked: Ternary;
}

/** The line of a probe without its time, as in the log. */
export function scanLine2(details: ProbeDetails, name: string, verdict: Verdict): string {
  return [
    `Scan from: [${details.source}] (${name})`,
    `protocol: [${protocolOf(details)}]`,
    `port: [${details.destinationPort}]`,
    `type: [${details.kind === 'udp' ? 'UDP' : labelOf(details)}]`,
    `IP opts: [${ipOptionsOf(details)}]`,
    `ignored: [${verdict.ignored}]`,
    `triggered: [${verdict.triggered}]`,
    `noblock: [${verdict.noBlock}]`,
    `blocked: [${verdict.blocked}]`,
  ].join(' ');
}

/**
 * The verdict on a probe that began no actions. 2.x leaves unset what it does not get to ask. It knows no rules but its
 * ignore file and the check for its own address; other rules, and probes that may be forged, are told as the latter.
 */
export function verdictOf(event: ProbeEvent, reaction: Reaction): Verdict {
  const { triggered, ignored, noBlock, alreadyBlocked } = event;
  if (isInIgnoreFile(ignored))
    return { ignored: true, triggered: 'unset', noBlock: 'unset', blocked: 'unset' };
  if (!triggered) return { ignored: ignored !== null, triggered: false, noBlock: 'unset', blocked: 'unset' };
  if (ignored !== null || reaction === 'held back')
    return { ignored: true, triggered: true, noBlock: true, blocked: false };
  const blocked = reaction === 'under way' ? 'unset' : alreadyBlocked;
  return { ignored: false, triggered: true, noBlock, blocked: noBlock ? false : blocked };
}

/** The verdict on a probe when the actions against its source have ended. */
export function verdictAfter(blocked: boolean): Verdict {
  return { ignored: false, triggered: true, noBlock: false, blocked };
}

/** A source was blocked before its probe came. */
export function alreadyBlockedLine2(source: string, name: string): string {
  return `attackalert: Host: ${name}/${source} is already blocked Ignoring`;
}

/** A source could not be blocked. */
export function notBlockedLine2(source: string, name: string): string {
  return `attackalert: Error during target dispose ${name}/${source}!`;
}

/** The ignore file spares a source (--verbose). */
export function ignoredLine2(source: string, ignoreFile: string): string {
  return `Host: ${source} found in ignore file ${ignoreFile}, aborting actions`;
}

/** A packet has the same source and destination, and is left out (--debug). */
export function localLine2(address: string): string {
  return `debug: Source address ${address} same as destination address ${address}, skipping`;
}

/** A socket does not show the options of the packets that opened it. */
function ipOptionsOf(details: ProbeDetails): string {
  if (details.kind === 'connect') return 'unknown';
  return details.ipOptions ? 'set' : 'not set';
}
