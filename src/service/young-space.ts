import { setFlagsFromString } from 'node:v8';

/**
 * Keeps V8's young generation at its size after the start (8 MiB in both halves). A flood creates many objects, and V8
 * would grow the space to 20 MiB (Node 20) or 120 MiB (Node 24), which makes each scavenge longer. V8 would also
 * scavenge with one thread for each processor, while the capture process and the rest of the host need them.
 * This bounds memory: without it the main process keeps 25 MiB (Node 20) or 48 MiB (Node 24) more after a flood.
 *
 * V8 reads these flags at each growth and scavenge, so they work at run time. The flag for the maximum size does not.
 */
export function boundYoungSpace(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--no-parallel-scavenge');
}
