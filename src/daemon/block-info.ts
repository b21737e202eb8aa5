import type { BlockInfo } from '../control/status.ts';
import type { LedgerEntry } from '../ledger/entry.ts';
import type { BlockManager } from './block-manager.ts';

/** A block as the control socket shows it: what the ledger knows of its cause, and what is true of it now. */
export function infoOf(
  { blocks, clock }: Pick<BlockManager, 'blocks' | 'clock'>,
  entry: LedgerEntry,
): BlockInfo {
  const { block, times } = entry;
  const { target, since, cause } = block;
  const { mode, kind, transport, destinationPort, connects, note } = cause;
  const { method, inForce, undo, ends } = blocks.stateOf(entry);
  return {
    target,
    since: clock.toWall(since),
    until: ends === null ? null : clock.toWall(ends),
    times,
    method,
    inForce,
    undo,
    mode,
    kind,
    transport,
    port: destinationPort,
    connects,
    note,
  };
}
