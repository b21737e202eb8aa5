import type { Failure } from '../commands/failure.ts';
import type { BackendPool } from '../firewall/pool.ts';
import type { LedgerEntry } from '../ledger/entry.ts';
import { type BlockState, backendOf, whyNoUndo } from './block-state.ts';
import { allowInHostsFile } from './hosts-deny.ts';

/** What the undo of a block works with. */
export interface TakeBackParts {
  readonly backends: BackendPool;
  readonly hostsDenyPath: string;
}

/**
 * Takes back what a block did: its rule, then its line in hosts.deny. Resolves to why that failed; the rule may stand
 * then. Never rejects.
 */
export async function takeBack(
  { backends, hostsDenyPath }: TakeBackParts,
  { block, method, wrappersLine }: LedgerEntry,
  { undo, inForce }: BlockState,
): Promise<Failure> {
  try {
    if (undo === null && inForce !== false) return whyNoUndo({ method, block });
    if (undo === 'method' || undo === 'command') {
      const failure = await (await backends.get(backendOf(method))).release(block);
      // The undo of a rule that is gone fails, as `iptables -D` does.
      if (failure !== null && !(undo === 'command' && inForce === false)) return failure;
    }
    return wrappersLine === null ? null : await allowInHostsFile(hostsDenyPath, [wrappersLine]);
  } catch (error) {
    return (error as Error).message;
  }
}
