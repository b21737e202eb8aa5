import type { KindName } from '../classify/kind.ts';
import type { ModeName } from '../config/config.ts';
import type { Transport } from '../net/protocol.ts';

/** Fields of everything that speaks of one knock, in text and plain numbers. Times are ms since the epoch. */
export interface Knock {
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
  /** The six low TCP flag bits; 0 for UDP. */
  readonly tcpFlags: number;
  readonly ipOptions: boolean;
  readonly fragmented: boolean;
}

/** One probe, judged. */
export interface ProbeEvent extends Knock {
  readonly action: 'probe';
  readonly connects: number;
  readonly triggered: boolean;
  /** The rule that spares the source: `ignore file 10.0.0.0/8`, `own address`; null when none does. */
  readonly ignored: string | null;
  /** The same attempt sent again. */
  readonly repeat: boolean;
  /** BLOCK_TCP or BLOCK_UDP is 0 for this transport. */
  readonly noBlock: boolean;
  /** The source was blocked before this probe arrived. */
  readonly alreadyBlocked: boolean;
}

/** A source's sum, when it went quiet or at the end. */
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
}
