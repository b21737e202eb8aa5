import { runTool } from '../commands/tool.ts';
import { NFT } from './words.ts';

/** What a named counter has counted. */
export interface Counted {
  readonly packets: number;
  readonly bytes: number;
}

const COUNTER = /^\tcounter (\S+) \{[^}]*?\bpackets (\d+) bytes (\d+)/gm;

/**
 * The named counters of the table `inet NAME`, none when there is no such table; null when nft cannot tell. This listing
 * reads no elements of sets. Every other listing with counters reads all of them, and nft starts it again whenever a ruleset
 * changes: in a flood on a busy machine it never ends.
 */
export async function readCounters(name: string): Promise<ReadonlyMap<string, Counted> | null> {
  const { failure, stdout } = await runTool(NFT, ['-t', 'list', 'ruleset', 'inet']);
  return failure === null ? countersIn(stdout, name) : null;
}

/** The same in the text of `nft -t list ruleset inet`. nft 1.0.6 prints no JSON for a table with an owner. */
export function countersIn(text: string, name: string): Map<string, Counted> {
  const [, from = ''] = `\n${text}`.split(`\ntable inet ${name} {`);
  const [table = ''] = from.split('\n}\n', 1);
  const counters = new Map<string, Counted>();
  for (const [, counter = '', packets, bytes] of table.matchAll(COUNTER))
    counters.set(counter, { packets: Number(packets), bytes: Number(bytes) });
  return counters;
}
