import type { KindName } from '../classify/kind.ts';
import type { ToolName } from '../classify/tool.ts';
import type { ModeName } from '../config/config.ts';
import type { Transport } from '../net/protocol.ts';
import type { Evidence } from './evidence.ts';
import type { Shape } from './shape.ts';

/** Fields of everything that speaks of one probe, in text and plain numbers. Times are ms since the epoch. */
export interface ProbeDetails {
  readonly time: number;
  readonly mode: ModeName;
  readonly kind: KindName;
  readonly transport: Transport;
  readonly family: 4 | 6;
  /** Canonical address text, as is `destination`. */
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
  /** The six low TCP flag bits; 0 where it is not TCP. */
  readonly tcpFlags: number;
  readonly ipOptions: boolean;
  readonly fragmented: boolean;
}

/** `traceroute-like`: a datagram as traceroute sends them, whose sender asks for the way here and not for a port. */
export type ProbeNote = 'traceroute-like';

/** One probe, judged. */
export interface ProbeEvent extends ProbeDetails {
  readonly action: 'probe';
  readonly connects: number;
  readonly triggered: boolean;
  /** The rule that spares the source: `ignore file 10.0.0.0/8`, `own address`; null when none does. */
  readonly ignored: string | null;
  /** The same attempt sent again. */
  readonly repeat: boolean;
  /** What else the packet tells of its sender; null when nothing. */
  readonly note: ProbeNote | null;
  /** BLOCK_TCP or BLOCK_UDP is 0 for this transport. */
  readonly noBlock: boolean;
  /** The source was blocked before this probe arrived. */
  readonly alreadyBlocked: boolean;
  readonly evidence: Evidence;
  /** The program that this probe looks like. */
  readonly tool: ToolName | null;
  /** Others send the same at the same time, so most likely it is forged. */
  readonly decoy: boolean;
}

/** Sources were found to send the same at the same time. */
export interface DecoysEvent extends ProbeDetails {
  readonly action: 'decoys';
  /** Those that made the group, by address; more may follow. */
  readonly members: readonly string[];
  /** One packet under several names, not only alike. */
  readonly isOneSender: boolean;
  /** They are not blocked (DECOY_POLICY="log"). */
  readonly spared: boolean;
}

/** A source's sum, or that of a group of decoys, when it went quiet or at the end. */
export interface ScanEvent {
  readonly action: 'scan';
  readonly time: number;
  /** Canonical address text; a prefix (`2001:db8::/64`) when several addresses of one IPv6 network took part. */
  readonly source: string;
  readonly family: 4 | 6;
  readonly first: number;
  readonly last: number;
  readonly probes: number;
  readonly ports: number;
  readonly kinds: readonly KindName[];
  readonly targets: number;
  readonly shape: Shape;
  /** The program that most of the probes look like. */
  readonly tool: ToolName | null;
  /** It has triggered and is not spared. */
  readonly triggered: boolean;
  /** Sources that took part, and the addresses of the first of them: of one that was on its own, none. */
  readonly sources: number;
  readonly decoys: readonly string[];
}
