import { setFlagsFromString } from 'node:v8';

/**
 * Keeps V8 modest where new objects live, for a flood makes many. It would give them more room than the program has after
 * its start (8 MiB in both halves): 20 MiB (Node 20) or 120 (Node 24), and each sweep of it longer. And it would sweep
 * with a thread for each processor, where the capture process and the rest of the host wait for one.
 *
 * V8 reads these flags whenever it would grow or sweep, so they may be set at run time; the one for the largest size may
 * not.
 */
export function boundYoungSpace(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--no-parallel-scavenge');
}
