import { setTimeout as delay } from 'node:timers/promises';
import { throwOn } from '../../commands/failure.ts';
import { runTool } from '../../commands/tool.ts';
import { readSets } from './sets.ts';
import { IN_USE, IPSET } from './words.ts';

/** The kernel releases the sets of a deleted rule with a delay, so `destroy` is tried again. */
const MAX_TRIES = 50;
const RETRY_PAUSE_MS = 20;

/** The names of all sets of the host, and whether each is as we create it. Rejects with a one-line reason. */
export async function listSets(): Promise<ReadonlyMap<string, boolean>> {
  const { failure, stdout } = await runTool(IPSET, ['-t', 'list']);
  throwOn(failure);
  return readSets(stdout);
}

/** Runs lines of `ipset restore`. Rejects with a one-line reason. */
export async function restoreSets(lines: readonly string[]): Promise<void> {
  if (lines.length === 0) return;
  const { failure } = await runTool(IPSET, ['restore'], { input: `${lines.join('\n')}\n` });
  throwOn(failure);
}

/** Rejects with a one-line reason, also when a rule still uses one of them. */
export async function destroySets(names: readonly string[]): Promise<void> {
  for (const name of names) {
    for (let tries = 1; ; tries++) {
      const { failure, stderr } = await runTool(IPSET, ['destroy', name]);
      if (failure === null) break;
      if (!IN_USE.test(stderr) || tries === MAX_TRIES) throw new Error(failure);
      await delay(RETRY_PAUSE_MS);
    }
  }
}
