import { formatTime } from '../record/times.ts';
import type { Outcome } from './source-table.ts';

/** What was done about a source, in words; `tone` says how a page shows it. */
export interface OutcomeText {
  readonly text: string;
  readonly tone: 'good' | 'bad' | 'warm' | 'dim';
}

/** Says what was done about a source and until when; `made` is the time of the report. */
export function outcomeText(outcome: Outcome | null, made: number): OutcomeText {
  if (outcome === null) return { text: 'only logged', tone: 'dim' };
  const { until, method, time } = outcome;
  const by = method === null ? '' : ` by ${method}`;
  switch (outcome.what) {
    case 'block':
      if (until === null) return { text: `blocked for ever${by}`, tone: 'good' };
      return { text: `blocked${by} until ${formatTime(until)}`, tone: until > made ? 'good' : 'dim' };
    case 'unblock':
      return { text: `block ended ${formatTime(time)}`, tone: 'dim' };
    case 'refused':
      return { text: 'spared by a rule', tone: 'warm' };
    case 'notify':
      return { text: 'KILL_RUN_CMD was run', tone: 'dim' };
    case 'notify-failed':
      return { text: 'KILL_RUN_CMD failed', tone: 'bad' };
    default:
      return { text: 'could not be blocked', tone: 'bad' };
  }
}
