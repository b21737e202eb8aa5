import type { Outcome } from './source-table.ts';

/** What was done about a source, in words; `tone` says how a page shows it. */
export interface OutcomeText {
  readonly text: string;
  /** The time that ends the sentence; null for none. */
  readonly time: number | null;
  readonly tone: 'good' | 'bad' | 'warm' | 'dim';
}

/** Says what was done about a source and until when; `made` is the time of the report. */
export function outcomeText(outcome: Outcome | null, made: number): OutcomeText {
  if (outcome === null) return { text: 'only logged', time: null, tone: 'dim' };
  const { until, time } = outcome;
  switch (outcome.what) {
    case 'block':
      if (until === null) return { text: 'blocked for ever', time: null, tone: 'good' };
      return { text: 'blocked until', time: until, tone: until > made ? 'good' : 'dim' };
    case 'unblock':
      return { text: 'block ended', time, tone: 'dim' };
    case 'refused':
      return { text: 'spared by a rule', time: null, tone: 'warm' };
    case 'notify':
      return { text: 'KILL_RUN_CMD was run', time: null, tone: 'dim' };
    case 'notify-failed':
      return { text: 'KILL_RUN_CMD failed', time: null, tone: 'bad' };
    default:
      return { text: 'could not be blocked', time: null, tone: 'bad' };
  }
}
