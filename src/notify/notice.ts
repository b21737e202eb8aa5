import type { ScanEvent } from '../track/event.ts';

/** What a notification tells of. A `test` was asked for by `portsentry notify --test`. */
export const NOTICE_KINDS = ['scan', 'block-failed', 'breaker', 'start', 'stop', 'test'] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];

/** One thing that a notification tells of. Times are ms since the epoch by the wall clock. */
export interface Notice {
  readonly kind: NoticeKind;
  readonly time: number;
  /** One sentence for people. It is asked for only if the notice is sent, because a flood makes many. */
  readonly text: () => string;
  /** The fields of the event for programs; asked for as `text` is. */
  readonly event: () => object;
  /** Of two notices of a kind, the one of more weight is told in full. For a scan: its probes. */
  readonly weight: number;
}

/** Whether the end of this scan deserves a notification: as the log, one tells nothing of single probes. */
export function deservesNotice({ triggered, probes }: ScanEvent): boolean {
  return triggered && probes > 1;
}

/** How urgent a kind is: what is told first when there is not room for all. */
export const URGENCY: Readonly<Record<NoticeKind, number>> = {
  'block-failed': 3,
  breaker: 3,
  scan: 2,
  stop: 1,
  start: 1,
  test: 1,
};
