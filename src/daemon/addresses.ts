import { setImmediate as turn } from 'node:timers/promises';
import type { LedgerEntry } from '../ledger/entry.ts';
import type { SourceTable } from '../track/source-table.ts';

/** What a shell offers is read by a person, so more would be of no use. */
const MAX_ADDRESSES = 200;

/** Sources that are read between two pauses: about a millisecond. */
const PIECE_SLOTS = 1_024;

/** Which addresses are asked for, and where they are found. */
export interface AddressQuery {
  /** What a person has typed of it. */
  readonly begin: string;
  /** Whether sources that are not blocked count. */
  readonly known: boolean;
  readonly blocks: { due(): Iterable<LedgerEntry> };
  readonly table: SourceTable;
}

/**
 * The addresses and prefixes that begin with a text, MAX_ADDRESSES at most: first those of blocks, then those of the sources
 * that were seen last.
 */
export async function addressesFrom({ begin, known, blocks, table }: AddressQuery): Promise<string[]> {
  const found = new Set<string>();
  const typed = begin.toLowerCase();
  for (const { block } of blocks.due()) {
    if (found.size >= MAX_ADDRESSES) return [...found];
    if (block.target.startsWith(typed)) found.add(block.target);
  }
  if (!known) return [...found];
  for (const { text } of await sourcesFrom(typed, table)) {
    if (found.size >= MAX_ADDRESSES) break;
    found.add(text);
  }
  return [...found];
}

/** The newest first. Piece by piece, so that no probe waits for it. */
async function sourcesFrom(typed: string, table: SourceTable): Promise<{ text: string; lastSeen: number }[]> {
  const found: { text: string; lastSeen: number }[] = [];
  for (let slot = 0; slot < table.usedSlots; slot++) {
    if (slot % PIECE_SLOTS === PIECE_SLOTS - 1) await turn();
    if (!table.isTaken(slot)) continue;
    const { address, lastSeen } = table.source(slot);
    const text = address.toString();
    if (text.startsWith(typed)) found.push({ text, lastSeen });
  }
  return found.sort((a, b) => b.lastSeen - a.lastSeen);
}
