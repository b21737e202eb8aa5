import { setTimeout as delay } from 'node:timers/promises';
import { throwOn } from '../../commands/failure.ts';
import { runTool } from '../../commands/tool.ts';
import { readSets } from './sets.ts';
import { IN_USE, IPSET } from './words.ts';

/** The kernel lets go of the sets of a deleted rule a little later: so often is asked, each time after so long (ms). */
const TRIES = 50;
const PAUSE = 20;

/** The names of all sets, anybody's, and whether they are as we make them. Rejects with a one-line reason. */
export async function lookAtSets(): Promise<ReadonlyMap<string, boolean>> {
  const { failure, stdout } = await runTool(IPSET, ['-t', 'list']);
  throwOn(failure);
  return readSets(stdout);
}

/** Carries out lines for `ipset restore`. Rejects with a one-line reason. */
export async function restoreSets(lines: readonly string[]): Promise<void> {
  if (lines.length === 0) return;
  const { failure } = await runTool(IPSET, ['restore'], { input: `${lines.join('\n')}\n` });
  throwOn(failure);
}

/** Rejects with a one-line reason, also when a rule looks into one of them. */
export async function destroySets(names: readonly string[]): Promise<void> {
  for (const name of names) {
    for (let tries = 1; ; tries++) {
      const { failure, stderr } = await runTool(IPSET, ['destroy', name]);
      if (failure === null) break;
      if (!IN_USE.test(stderr) || tries === TRIES) throw new Error(failure);
      await delay(PAUSE);
    }
  }
}
