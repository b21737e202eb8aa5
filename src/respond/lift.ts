import { setTimeout as delay } from 'node:timers/promises';
import type { BackendPool } from '../firewall/pool.ts';
import type { BlockMemory } from '../ledger/memory.ts';
import { blockCount } from './block-state.ts';
import type { Blocks } from './blocks.ts';
import { allowInHostsFile } from './hosts-deny.ts';
import { inTurns } from './in-turns.ts';

/** How long an end with BLOCK_ON_EXIT="release" may take; a service manager waits longer. */
const RELEASE_TIME_MS = 5_000;

/** What `liftBlocks` works with. */
export interface LiftParts {
  readonly blocks: Blocks;
  readonly memory: BlockMemory;
  readonly backends: BackendPool;
  readonly hostsDenyPath: string;
  readonly tell: (text: string) => void;
}

/**
 * Takes every block out of force at the end of the daemon and closes the back ends. The blocks stay due, so the next
 * start puts them in force again. Never rejects.
 */
export async function liftBlocks(parts: LiftParts): Promise<void> {
  const { blocks, memory, backends, hostsDenyPath, tell } = parts;
  const standing = [...blocks.standing()];
  const byCommand = standing.filter(({ method }) => method === 'command');
  const left = new Set(byCommand.map(({ block }) => block.target));
  const signal = AbortSignal.timeout(RELEASE_TIME_MS);
  const releaseAll = inTurns(byCommand, async ({ block }) => {
    if (signal.aborted) return;
    const failure = await (await backends.get('command')).release(block, signal);
    if (failure === null) left.delete(block.target);
  });
  await Promise.race([releaseAll, delay(RELEASE_TIME_MS, undefined, { ref: false })]);
  const lines = standing.flatMap(({ wrappersLine }) => wrappersLine ?? []);
  const failure = lines.length === 0 ? null : await allowInHostsFile(hostsDenyPath, lines);
  if (failure !== null) tell(`Lines could not be taken out of hosts.deny: ${failure}`);
  await backends.close('release');
  // A block that stays in force must not be made twice at the next start.
  if (left.size === 0) memory.lift('all');
  else memory.lift(standing.map(({ block }) => block.target).filter((target) => !left.has(target)));
  if (left.size > 0) tell(`${blockCount(left.size)} could not be taken back by UNKILL_ROUTE.`);
}
