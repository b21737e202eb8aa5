import type { Failure } from '../../commands/failure.ts';
import { runTool } from '../../commands/tool.ts';
import { NFT, NO_LISTING } from '../../nft/words.ts';
import { arrangement, NOTHING } from './layout.ts';
import { readStanding } from './listing.ts';
import { BASE } from './sets.ts';

/** Why this host cannot block with nftables. The kernel goes through our table, as far as the commit. */
export async function whyNoNftables(): Promise<Failure> {
  const check = await runTool(NFT, ['-c', '-f', '-'], { input: arrangement(NOTHING, BASE, new Map()) });
  if (check.failure !== null) return check.failure;
  const { failure, stdout } = await runTool(NFT, ['-j', 'list', 'tables']);
  return failure ?? (readStanding(stdout) === null ? NO_LISTING : null);
}
