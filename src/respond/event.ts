import type { BlockEnd, LedgerEntry, LedgerMethod } from '../ledger/entry.ts';
import type { ProbeDetails } from '../track/event.ts';
import type { Evidence } from '../track/evidence.ts';
import type { RuleOrigin } from './never-block.ts';

/** One of the three actions of PortSentry, and how it ended. */
export interface ActionStep {
  readonly step: 'route' | 'wrappers' | 'external';
  /** The command that ran, or the line for hosts.deny, with its tokens replaced. */
  readonly text: string;
  /** Why it failed, in one line; null when it worked. */
  readonly failure: string | null;
}

/**
 * All actions against a source have ended. It is blocked (`block`), or somebody was told of it (`notify`), which blocks
 * nobody; or `reason` says why not.
 */
export interface BlockEvent extends ProbeDetails {
  readonly action: 'block' | 'block-failed' | 'notify' | 'notify-failed';
  /** The source, or the prefix that it is in. */
  readonly target: string;
  /** When the block ends by itself, ms since the epoch; null for never. */
  readonly until: number | null;
  /** As in `LedgerEntry`; 0 without a block. */
  readonly times: number;
  /** `none` without a block. */
  readonly method: LedgerMethod;
  readonly steps: readonly ActionStep[];
  readonly reason: string | null;
  /** What was known of the source when the actions began. */
  readonly evidence?: Evidence;
}

/**
 * What the engine did about a probe at once: it began the actions against the source, they were under way already, or
 * the settings held them back because the packet may be forged. `none` is every other case.
 */
export type Reaction = 'begun' | 'under way' | 'held back' | 'none';

/** A block has ended. */
export interface UnblockEvent {
  readonly action: 'unblock';
  /** ms since the epoch. */
  readonly time: number;
  readonly entry: LedgerEntry;
  readonly how: BlockEnd;
  /** The never-block rule that ended it; null when none did. */
  readonly rule: string | null;
}

/** What came of the actions against a source; `refused` when the look before the first one found it spared. */
export type Outcome = BlockEvent | RefusedEvent;

/** A never-block rule spares a source that triggered. */
export interface RefusedEvent extends ProbeDetails {
  readonly action: 'refused';
  readonly rule: string;
  readonly origin: RuleOrigin;
  /** The rule also keeps the source out of the log. */
  readonly isSilent: boolean;
}
