import type { KindName } from '../classify/kind.ts';
import type { ModeName } from '../config/config.ts';
import type { Transport } from '../net/protocol.ts';

/** Why a source is blocked: the probe that did it, or an administrator's word (`manual`, and port 0). */
export interface BlockCause {
  readonly mode: ModeName;
  readonly kind: KindName | 'manual';
  readonly transport: Transport;
  readonly destinationPort: number;
  /** Attempts that had been counted; 0 for a block by hand. */
  readonly connects: number;
  /** What the administrator said; null when nothing was. */
  readonly note: string | null;
}

/** One block: who, until when, and why. Times are ms since the epoch. */
export interface Block {
  /** Canonical text of an address, or of a prefix (`2001:db8::/64`) with its host bits cleared. */
  readonly target: string;
  readonly family: 4 | 6;
  readonly since: number;
  /** null for ever. */
  readonly until: number | null;
  readonly cause: BlockCause;
}
