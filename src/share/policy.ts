import { type Evidence, suffices } from '../track/evidence.ts';

/** With SHARE_REPEATED="1", the ports that a source of repeated probes must have tried. */
export const MIN_REPEATED_PORTS = 3;

/** What decides on a report. */
export interface Sharing {
  /** SHARE_REPEATED. */
  readonly repeated: boolean;
}

/**
 * Whether others may be told of a source: they block on our word, so by default only what nobody can forge is said.
 * `ports` is the number of different ports that the source tried.
 */
export function mayShare(evidence: Evidence, ports: number, { repeated }: Sharing): boolean {
  if (suffices(evidence, 'share')) return true;
  return repeated && evidence === 'repeated' && ports >= MIN_REPEATED_PORTS;
}
