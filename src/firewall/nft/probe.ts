import type { Failure } from '../../commands/failure.ts';
import { runTool } from '../../commands/tool.ts';
import { runScript } from '../../nft/script.ts';
import { NFT, NO_LISTING } from '../../nft/words.ts';
import { NO_TABLE, repairScript } from './layout.ts';
import { readTable } from './listing.ts';
import { BASE_SETS } from './sets.ts';

/** Why this host cannot block with nftables; null when it can. The kernel checks our table, but does not commit it. */
export async function whyNoNftables(): Promise<Failure> {
  const layout = { keys: BASE_SETS, spared: new Map(), reportGroup: null };
  const [check, listing] = await Promise.all([
    runScript(repairScript(NO_TABLE, layout), ['-c']),
    // A listing that names no tables: nft 1.0.6 prints garbage for one that a process owns.
    runTool(NFT, ['-j', 'list', 'quotas']),
  ]);
  return check.failure ?? listing.failure ?? (readTable(listing.stdout) === null ? NO_LISTING : null);
}
