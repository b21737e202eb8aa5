import { BLOCK_METHODS } from '../config/config.ts';
import type { Block } from '../firewall/block.ts';

/** How a block ended. `forgotten`: an administrator says that it was taken back where this program has no undo. */
export const BLOCK_ENDS = [
  'expired',
  'unblocked',
  'forgotten',
  'failed',
  'replaced',
  'spared',
  'evicted',
  'decoy',
] as const;
export type BlockEnd = (typeof BLOCK_ENDS)[number];

/**
 * What holds a block. `hosts.deny`: the line in hosts.deny alone. `none` stands in ledgers of earlier versions only,
 * for such a line or for a command that blocked nobody.
 */
export const LEDGER_METHODS = [...BLOCK_METHODS, 'hosts.deny'] as const;
export type LedgerMethod = (typeof LEDGER_METHODS)[number];

/** The newest block of a target, and what is remembered of earlier ones. An entry is immutable. */
export interface LedgerEntry {
  readonly block: Block;
  readonly method: LedgerMethod;
  /**
   * KILL_ROUTE blocked the target before another method took the block over, and what it did has no undo. It stands
   * until the next boot.
   */
  readonly hasRemnant: boolean;
  /** The line in hosts.deny that belongs to it; null for none. */
  readonly wrappersLine: string | null;
  /** The boot identity under which the block was put in force. It is compared, never parsed. */
  readonly boot: string;
  /** How often probes have got the target blocked, this time included; a block by hand does not count. */
  readonly times: number;
  /** Known to be in force: false until the method has confirmed the block, and after a lift or the end. */
  readonly inForce: boolean;
  /** null while it is due; else when it ended (ms since the epoch), and how. */
  readonly ended: { readonly at: number; readonly how: BlockEnd } | null;
}

/**
 * What the ledger records, one line each. An operation states what is true from now on, not what changed. So it does no
 * harm to apply one twice, or after another was lost.
 */
export type Operation =
  /** A block was decided, and is not known to be in force. */
  | { readonly op: 'decide'; readonly entry: LedgerEntry }
  /** It is in force. Without `wrappersLine` the decision's line stays. */
  | {
      readonly op: 'confirm';
      readonly target: string;
      readonly boot: string;
      readonly wrappersLine?: string | null;
    }
  /** Out of force, but still due. */
  | { readonly op: 'lift'; readonly target: string }
  | { readonly op: 'lift-all' }
  | { readonly op: 'end'; readonly target: string; readonly at: number; readonly how: BlockEnd }
  /** All that is known of a target whose block was once in force. A rewritten file consists of these. */
  | { readonly op: 'entry'; readonly entry: LedgerEntry };
