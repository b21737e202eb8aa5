import type { BlockMethod, Config } from '../config/config.ts';
import { bestMethod } from '../firewall/choose.ts';
import type { BackendPool } from '../firewall/pool.ts';
import { CommandError, Exit } from '../preflight/exit.ts';
import { plannedMethod } from '../respond/plan.ts';

/** How new blocks are put in force, and why this way. */
export interface Method {
  readonly name: BlockMethod;
  readonly how: string;
}

/**
 * Finds the method for new blocks and opens its back end; null when no source is to be blocked. Throws a CommandError
 * (69) when sources are to be blocked and the host has no way to do it.
 */
export async function findMethod(config: Config, backends: BackendPool): Promise<Method | null> {
  if (config.blockTcp !== 1 && config.blockUdp !== 1) return null;
  const planned = plannedMethod(config);
  try {
    const { method, why } =
      planned === 'best' ? await bestMethod() : { method: planned, why: reasonOf(config) };
    await backends.get(method);
    return { name: method, how: why };
  } catch (error) {
    const hint = 'set BLOCK_METHOD or KILL_ROUTE to something that works here';
    throw new CommandError(
      Exit.unavailable,
      `sources cannot be blocked: ${(error as Error).message}; ${hint}`,
    );
  }
}

/** The method for a block by hand when `findMethod` found none; rejects with a one-line reason. */
export async function findMethodByHand(config: Config): Promise<BlockMethod> {
  const planned = plannedMethod(config);
  return planned === 'best' ? (await bestMethod()).method : planned;
}

function reasonOf({ blockMethod }: Config): string {
  return blockMethod === null ? 'KILL_ROUTE is set' : 'set by BLOCK_METHOD';
}
