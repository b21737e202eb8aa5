import type { BlockMethod } from '../config/config.ts';
import type { Block } from '../firewall/block.ts';

/** How a block ended. */
export type BlockEnd = 'expired' | 'unblocked' | 'failed' | 'replaced' | 'spared' | 'evicted' | 'decoy';

/** The newest block of a target, and what is remembered of earlier ones. Never changed: a change is a new entry. */
export interface LedgerEntry {
  readonly block: Block;
  /** `none` when only the external command or hosts.deny did it. */
  readonly method: BlockMethod;
  /** The line in hosts.deny that belongs to it; null for none. */
  readonly wrappersLine: string | null;
  /** The boot and network namespace that the block was put in force in: compared, never read. */
  readonly boot: string;
  /** How often the target has been blocked, this time included. */
  readonly times: number;
  /** Known to be in force: not from the decision until the method has confirmed it, nor after a lift or the end. */
  readonly inForce: boolean;
  /** null while it is due; else when (ms since the epoch) and how it ended. */
  readonly ended: { readonly at: number; readonly how: BlockEnd } | null;
}

/**
 * What the ledger records; a line each. An operation says what is so from now on rather than what changed, so
 * that one which is applied twice, or after one that was lost, does no harm.
 */
export type Operation =
  /** A block was decided and is not known to be in force. */
  | { readonly op: 'decide'; readonly entry: LedgerEntry }
  /** It is in force; without `wrappersLine` that of the decision stays. */
  | {
      readonly op: 'confirm';
      readonly target: string;
      readonly boot: string;
      readonly wrappersLine?: string | null;
    }
  /** Taken out of force, and due all the same. */
  | { readonly op: 'lift'; readonly target: string }
  | { readonly op: 'lift-all' }
  | { readonly op: 'end'; readonly target: string; readonly at: number; readonly how: BlockEnd }
  /** All that is known of a target whose block was in force once: what a compacted file is made of. */
  | { readonly op: 'entry'; readonly entry: LedgerEntry };
