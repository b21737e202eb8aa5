import type { BlockMethod } from '../config/config.ts';
import type { BlockEnd, LedgerEntry } from '../ledger/entry.ts';
import type { ProbeDetails } from '../track/event.ts';

/** One of the three actions of PortSentry, and how it ended. */
export interface ActionStep {
  readonly step: 'route' | 'wrappers' | 'external';
  /** The command that ran, or the line for hosts.deny, with its tokens replaced. */
  readonly text: string;
  /** null when it worked; else why not, in one line. */
  readonly failure: string | null;
}

/** The end of all actions for a source: it is blocked, or it is not and `reason` says why. */
export interface BlockEvent extends ProbeDetails {
  readonly action: 'block' | 'block-failed';
  /** The source, or the prefix that it is in. */
  readonly target: string;
  /** When the block ends, ms since the epoch; null for never. */
  readonly until: number | null;
  /** How often the target has been blocked, this time included. */
  readonly times: number;
  readonly method: BlockMethod;
  readonly steps: readonly ActionStep[];
  readonly reason: string | null;
}

/** A block is over. */
export interface UnblockEvent {
  readonly action: 'unblock';
  readonly time: number;
  readonly entry: LedgerEntry;
  readonly how: BlockEnd;
  /** The never-block rule, where that ended it; null else. */
  readonly rule: string | null;
}

/** A source that triggered and is spared by a never-block rule. */
export interface RefusedEvent extends ProbeDetails {
  readonly action: 'refused';
  readonly rule: string;
}
