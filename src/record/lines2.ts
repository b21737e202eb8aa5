/** The lines of PortSentry 2.x: one for a probe, and one for the result of the actions against its source. */
import type { ProbeDetails, ProbeEvent } from '../track/event.ts';
import { labelOf } from './labels.ts';
import { protocolOf } from './lines1.ts';

/** A value in a line of 2.x; `unset` means not asked, or not decided yet. */
type Ternary = boolean | 'unset';

/** The last four fields of a line of 2.x. */
export interface Verdict {
  /** A never-block rule spares the source; false when it is left out. */
  readonly ignored?: boolean;
  readonly triggered: Ternary;
  readonly noBlock: Ternary;
  readonly blocked: Ternary;
}

/** The line without its time, as in the log. */
export function scanLine2(details: ProbeDetails, name: string, verdict: Verdict): string {
  return [
    `Scan from: [${details.source}] (${name})`,
    `protocol: [${protocolOf(details)}]`,
    `port: [${details.destinationPort}]`,
    `type: [${details.kind === 'udp' ? 'UDP' : labelOf(details)}]`,
    `IP opts: [${ipOptionsOf(details)}]`,
    `ignored: [${verdict.ignored ?? false}]`,
    `triggered: [${verdict.triggered}]`,
    `noblock: [${verdict.noBlock}]`,
    `blocked: [${verdict.blocked}]`,
  ].join(' ');
}

/** The verdict when the probe arrives. If the source is about to be blocked, `blocked` is not decided yet. */
export function verdictOf(event: ProbeEvent): Verdict {
  if (event.ignored !== null)
    return { ignored: true, triggered: 'unset', noBlock: 'unset', blocked: 'unset' };
  if (!event.triggered) return { triggered: false, noBlock: 'unset', blocked: 'unset' };
  if (event.noBlock) return { triggered: true, noBlock: true, blocked: false };
  return { triggered: true, noBlock: false, blocked: event.alreadyBlocked ? true : 'unset' };
}

/** A socket does not show the options of the packets that opened it. */
function ipOptionsOf(details: ProbeDetails): string {
  if (details.kind === 'connect') return 'unknown';
  return details.ipOptions ? 'set' : 'not set';
}
