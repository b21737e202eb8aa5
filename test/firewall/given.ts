import type { Change } from '../../src/firewall/batch.ts';
import { parseTarget, type Target } from '../../src/firewall/target.ts';

export const NOW = 1_795_354_417_000;

export function targetOf(text: string): Target {
  return parseTarget(text) as Target;
}

/** A block of this target, `forMs` long; null is for ever. */
export function blocking(text: string, forMs: number | null = null): Change {
  return { verb: 'block', target: targetOf(text), until: forMs === null ? null : NOW + forMs };
}

export function releasing(text: string): Change {
  return { verb: 'release', target: targetOf(text), until: null };
}
