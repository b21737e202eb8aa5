import type { BlockEvent, Reaction } from '../respond/event.ts';
import type { DecoysEvent, ProbeDetails, ProbeEvent, ScanEvent } from '../track/event.ts';
import type { Reported } from '../track/reported.ts';

/** Probes of one source that get their own lines. A scan of 65,535 ports is 10 lines and a sum each minute. */
export const LINES_PER_SOURCE = 10;

/** How often a source that goes on is summed up, and reported as already blocked. */
export const SUM_INTERVAL_MS = 60_000;

/** The form of the log and the history (LOG_FORMAT): what is written about a source, and when. */
export interface Form {
  /** `isSingle`: the probe is one of those that 1.x reports by themselves. */
  probe(event: ProbeEvent, reported: Reported, reaction: Reaction, isSingle: boolean): void;
  /** A source triggered and is only logged (BLOCK="0"). */
  unblocked(details: ProbeDetails): void;
  /** The actions that the probe began have ended. */
  block(event: BlockEvent, probe: ProbeDetails): void;
  /** The actions that the probe was to begin were refused, by the rule that it now names. */
  spared(event: ProbeEvent): void;
  scan(event: ScanEvent): void;
  decoys(event: DecoysEvent): void;
  /** The last sum of a source whose scan has ended or whose memory goes to another. */
  forget(source: string, reported: Reported): void;
  /** Call every second; `now` is in ms. */
  tick(now: number): void;
  /** Writes what waits. */
  close(): void;
}

/** Whether the probe triggered, and no rule keeps its source out of the log. */
export function isAlert({ triggered, isSilent }: ProbeEvent): boolean {
  return triggered && !isSilent;
}

/** Whether the rule that spares a source is an entry of IGNORE_FILE. */
export function isInIgnoreFile(rule: string | null): boolean {
  return rule?.startsWith('ignore file ') ?? false;
}
