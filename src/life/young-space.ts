import { setFlagsFromString } from 'node:v8';

/**
 * Keeps V8 from giving new objects more room than the program has after its start (8 MiB in both halves) as soon as
 * many are made: in a flood that takes 20 MiB (Node 20) or 120 (Node 24), and each sweep of it longer. V8 reads this
 * flag whenever it would grow the space, so it may be set at run time; the one for its largest size may not.
 */
export function boundYoungSpace(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}
