import type { Change } from '../../src/firewall/batch.ts';
import { parseTarget, type Target } from '../../src/firewall/target.ts';

/** Ms since the epoch. */
export const NOW = 1_795_354_417_000;

/** The target of a valid text. */
export function targetOf(text: string): Target {
  return parseTarget(text) as Target;
}

/** A block of this target that lasts `forMs`; null is for ever. */
export function blocking(text: string, forMs: number | null = null): Change {
  return { verb: 'block', target: targetOf(text), until: forMs === null ? null : NOW + forMs };
}

/** A release of this target. */
export function releasing(text: string): Change {
  return { verb: 'release', target: targetOf(text), until: null };
}
