import { getPriority, setPriority } from 'node:os';

/** Nice value of what nobody has hurried or slowed down (sched(7)). */
export const USUAL_PRIORITY = 0;

/** Has a process run like any other, without the haste that it has from its parent; ourselves without a number. */
export function runAsUsual(pid?: number): void {
  try {
    if (getPriority(pid) < USUAL_PRIORITY) setPriority(pid ?? 0, USUAL_PRIORITY);
  } catch {
    // It has ended, or that is not permitted.
  }
}
