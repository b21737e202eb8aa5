import type { BlockEvent } from '../respond/event.ts';
import type { ScannedRange } from '../track/ranges.ts';

/**
 * What a line of an event file says. All texts come from a file that others may have written, so they are any text;
 * addresses are addresses, and numbers are whole and not negative. Times are ms since the epoch. A field is null where the
 * format or an older version does not have it.
 */
export type FiledEvent = FiledProbe | FiledScan | FiledDecoys | FiledAction | FiledUnblock;

/** The transports of events; `ip` is a probe of a bare protocol, whose number is its port. */
export type FiledTransport = 'tcp' | 'udp' | 'sctp' | 'icmp' | 'arp' | 'ip';

/** What every event has. */
export interface FiledBase {
  readonly time: number;
  /** An address, or a prefix. */
  readonly source: string;
}

/** What events about one probe have. */
export interface FiledDetails extends FiledBase {
  readonly mode: string | null;
  readonly kind: string;
  readonly transport: FiledTransport | null;
  readonly destination: string | null;
  /** For `icmp` the message type, for `ip` the protocol number; null for ARP, and where it is not known. */
  readonly port: number | null;
}

/** A probe. Of each source the daemon writes the first ones alone. */
export interface FiledProbe extends FiledDetails {
  readonly action: 'probe';
  readonly connects: number;
  readonly triggered: boolean;
  /** The rule that spares the source. */
  readonly ignored: string | null;
  readonly evidence: string | null;
  readonly tool: string | null;
  readonly decoy: boolean;
}

/**
 * The sum of a scan. One that goes on is summed up again as a whole: a later event with the same source and the same
 * `first` replaces the earlier one.
 */
export interface FiledScan extends FiledBase {
  readonly action: 'scan';
  readonly first: number;
  readonly last: number;
  readonly probes: number;
  readonly ports: number;
  readonly atLeast: boolean;
  readonly ranges: readonly ScannedRange[];
  readonly kinds: readonly string[];
  readonly targets: number;
  readonly targetNames: readonly string[];
  readonly shape: string;
  readonly tool: string | null;
  readonly evidence: string | null;
  /** Sources of a group; 1 for a source on its own. */
  readonly sources: number;
  readonly decoys: readonly string[];
  /** The source triggered, and no rule keeps it out of the log. */
  readonly isAlert: boolean;
}

/** A group of decoys. */
export interface FiledDecoys extends FiledDetails {
  readonly action: 'decoys';
  readonly members: readonly string[];
  readonly spared: boolean;
}

/** What came of the actions against a source: a block, a notification, or the rule that spares it. */
export interface FiledAction extends FiledDetails {
  readonly action: BlockEvent['action'] | 'refused';
  readonly target: string;
  /** When the block ends by itself; null for never. */
  readonly until: number | null;
  readonly times: number;
  readonly method: string | null;
  /** Why it failed. */
  readonly reason: string | null;
  /** The note of a block by hand. */
  readonly note: string | null;
  /** The never-block rule. */
  readonly rule: string | null;
}

/** The end of a block. */
export interface FiledUnblock extends FiledBase {
  readonly action: 'unblock';
  readonly target: string;
  readonly since: number | null;
  readonly how: string;
  readonly rule: string | null;
}
