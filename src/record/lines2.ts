/** The event line of PortSentry 2.x: one for a probe, and one for the end of what was done about it. */
import type { ProbeDetails, ProbeEvent } from '../track/event.ts';
import { labelOf } from './labels.ts';
import { protocolOf } from './lines1.ts';

/** The three answers of 2.x; `unset` is what was not asked, or is not decided yet. */
export type Answer = boolean | 'unset';

export interface Verdict {
  readonly triggered: Answer;
  readonly noBlock: Answer;
  readonly blocked: Answer;
}

/** The line without its time, as it stands in the log. An ignored source has none, so `ignored` is false. */
export function scanLine2(details: ProbeDetails, name: string, verdict: Verdict): string {
  return [
    `Scan from: [${details.source}] (${name})`,
    `protocol: [${protocolOf(details)}]`,
    `port: [${details.destinationPort}]`,
    `type: [${details.kind === 'udp' ? 'UDP' : labelOf(details)}]`,
    `IP opts: [${ipOptionsOf(details)}]`,
    'ignored: [false]',
    `triggered: [${verdict.triggered}]`,
    `noblock: [${verdict.noBlock}]`,
    `blocked: [${verdict.blocked}]`,
  ].join(' ');
}

/** What is known when the probe arrives: of a source that is about to be blocked, `blocked` is not decided yet. */
export function verdictOf(event: ProbeEvent): Verdict {
  if (!event.triggered) return { triggered: false, noBlock: 'unset', blocked: 'unset' };
  if (event.noBlock) return { triggered: true, noBlock: true, blocked: false };
  return { triggered: true, noBlock: false, blocked: event.alreadyBlocked ? true : 'unset' };
}

/** A socket does not show the options of the packets that opened it. */
function ipOptionsOf(details: ProbeDetails): string {
  if (details.kind === 'connect') return 'unknown';
  return details.ipOptions ? 'set' : 'not set';
}
