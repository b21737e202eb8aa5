import { getPriority, setPriority } from 'node:os';
import { USUAL_PRIORITY } from '../commands/usual-priority.ts';

/** Nice value of what stands between a probe and the block. */
const PROMPT = -5;

/**
 * Has this process, and those that it starts, run before others that want the processor: the scanner's next packets
 * keep a small host busy while the first is judged (bench/reaction.ts). The capture process gives that up again. A
 * priority that somebody has chosen stays as it is, and without the right to another one (CAP_SYS_NICE) everything
 * works, later.
 */
export function runPromptly(): void {
  try {
    if (getPriority() === USUAL_PRIORITY) setPriority(PROMPT);
  } catch {
    // Not permitted.
  }
}
