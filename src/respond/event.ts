import type { Knock } from '../track/event.ts';

/** One of the three actions of PortSentry, and how it ended. */
export interface ActionStep {
  readonly step: 'route' | 'wrappers' | 'external';
  /** The command that ran, or the line for hosts.deny, with its tokens replaced. */
  readonly text: string;
  /** null when it worked; else why not, in one line. */
  readonly failure: string | null;
}

/** The end of all actions for a source: it is blocked, or it is not and `reason` says why. */
export interface BlockEvent extends Knock {
  readonly action: 'block' | 'block-failed' | 'unblock';
  readonly steps: readonly ActionStep[];
  readonly reason: string | null;
}

/** A source that triggered and is spared by a never-block rule. */
export interface RefusedEvent extends Knock {
  readonly action: 'refused';
  readonly rule: string;
}
