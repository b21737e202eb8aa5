import type { KindName } from '../classify/kind.ts';
import type { ToolName } from '../classify/tool.ts';
import type { ModeName } from '../config/config.ts';
import type { Transport } from '../net/protocol.ts';
import type { CapturePlace } from './capture-place.ts';
import type { Evidence } from './evidence.ts';
import type { ScannedRange } from './ranges.ts';
import type { Shape } from './shape.ts';

/** Fields of every event about one probe, as text and plain numbers. Times are ms since the epoch. */
export interface ProbeDetails {
  readonly time: number;
  readonly mode: ModeName;
  readonly kind: KindName;
  readonly transport: Transport;
  readonly family: 4 | 6;
  /** Canonical address text, like `destination`. */
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
  /** The six low TCP flag bits; 0 when it is not TCP. */
  readonly tcpFlags: number;
  readonly ipOptions: boolean;
  readonly fragmented: boolean;
  /** Only in a replay. */
  readonly place?: CapturePlace | undefined;
}

/**
 * `traceroute-like`: a datagram as traceroute sends it; its sender asks for the way here and not for a port.
 * `known-service`: the port belongs to a service of this host that is away.
 */
export type ProbeNote = 'traceroute-like' | 'known-service';

/** One judged probe. */
export interface ProbeEvent extends ProbeDetails {
  readonly action: 'probe';
  readonly connects: number;
  readonly triggered: boolean;
  /** The rule that spares the source, such as `resolver 10.0.0.53 of /etc/resolv.conf`; null when none does. */
  readonly ignored: string | null;
  /** The rule also keeps the source out of the log: that of IGNORE_FILE does. */
  readonly isSilent: boolean;
  /** It repeats an earlier attempt. */
  readonly repeat: boolean;
  /** What else the packet shows about its sender; null for nothing. */
  readonly note: ProbeNote | null;
  /** BLOCK_TCP or BLOCK_UDP is 0 for this transport. */
  readonly noBlock: boolean;
  /** The source was blocked before this probe arrived. */
  readonly alreadyBlocked: boolean;
  readonly evidence: Evidence;
  /** The program that the probe looks like. */
  readonly tool: ToolName | null;
  /** Other sources send the same at the same time, so the probe is probably forged. */
  readonly decoy: boolean;
}

/** Several sources were found to send the same at the same time. */
export interface DecoysEvent extends ProbeDetails {
  readonly action: 'decoys';
  /** The addresses of the sources that made the group; more may follow. */
  readonly members: readonly string[];
  /** They send the very same packet, not only one that is alike. */
  readonly isOneSender: boolean;
  /** DECOY_POLICY="log": they are not blocked. */
  readonly spared: boolean;
}

/** A port that answered a source. */
export interface Answered {
  /** Canonical address text. */
  readonly address: string;
  readonly transport: Transport;
  readonly port: number;
}

/** The summary of a source, or of a group of decoys, when it went quiet or at the end. */
export interface ScanEvent {
  readonly action: 'scan';
  readonly time: number;
  /** Canonical address text; a prefix (`2001:db8::/64`) when several addresses of one IPv6 network took part. */
  readonly source: string;
  readonly family: 4 | 6;
  readonly first: number;
  readonly last: number;
  readonly probes: number;
  /** Different ports, of all transports. */
  readonly ports: number;
  /** There may be more ports than that: there was no room to remember them. */
  readonly atLeast: boolean;
  /** The ports in order, MAX_SCANNED_RANGES at most; when there were more, these cover them all. */
  readonly ranges: readonly ScannedRange[];
  readonly kinds: readonly KindName[];
  readonly targets: number;
  /** The first targets, MAX_TARGET_NAMES at most. */
  readonly targetNames: readonly string[];
  /** What answered the source, in a replay; null when that is not known. */
  readonly answered: readonly Answered[] | null;
  /** Different ports that it tried: those of `ports`, and those that answered, which are no probes. */
  readonly tried: number;
  readonly shape: Shape;
  /** The program that most of the probes look like. */
  readonly tool: ToolName | null;
  /** The source triggered, and no rule keeps it out of the log. */
  readonly triggered: boolean;
  /** The best that one of its probes had; of a group of decoys `spoofable`. */
  readonly evidence: Evidence;
  /** The number of sources, and the addresses of the first of them; none for a source on its own. */
  readonly sources: number;
  readonly decoys: readonly string[];
  /** Where the first and the last probe of a source on its own lie; only in a replay. */
  readonly places?: { readonly first: CapturePlace; readonly last: CapturePlace } | undefined;
}
