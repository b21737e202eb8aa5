import type { ScannerInfo } from '../control/scanners.ts';
import { formatEnd } from './times.ts';

/** A source, from the daemon or from event files, whose texts may be anything. */
export interface ScannerRow extends Omit<ScannerInfo, 'kinds' | 'tool' | 'shape' | 'evidence'> {
  readonly kinds: readonly string[];
  readonly tool: string | null;
  readonly shape: string;
  /** null where the event files do not say it. */
  readonly evidence: string | null;
}

/** The kinds of its probes: `syn fin`. */
export function kindsText({ kinds }: Pick<ScannerRow, 'kinds'>): string {
  return kinds.join(' ');
}

/** How many ports: `100`, or `100+` where there was no room to remember them all. */
export function portsText({ ports, atLeast }: Pick<ScannerRow, 'ports' | 'atLeast'>): string {
  return atLeast ? `${ports}+` : String(ports);
}

/** What was done about it, with the end of a block, its network, or the rule that spares it. */
export function doneText(
  scanner: Pick<ScannerRow, 'done' | 'source' | 'target' | 'until' | 'rule'>,
  now: number,
): string {
  const { done, source, target, until, rule } = scanner;
  const spared = rule === null || done === 'spared' ? '' : `; from now on spared: ${rule}`;
  switch (done) {
    case 'spared':
      return `spared: ${rule ?? 'a rule'}`;
    case 'blocked':
    case 'not in force': {
      const where = target === null || target === source ? '' : ` as ${target}`;
      return `${done}${where}, ends ${formatEnd(until, now)}${spared}`;
    }
    default:
      return done + spared;
  }
}
