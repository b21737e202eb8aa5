import type { KindName } from '../classify/kind.ts';
import type { ModeName } from '../config/config.ts';
import type { Transport } from '../net/protocol.ts';

/** Why a source is blocked: the probe that triggered the block, or an administrator's command (`manual`, port 0). */
export interface BlockCause {
  readonly mode: ModeName;
  readonly kind: KindName | 'manual';
  readonly transport: Transport;
  readonly destinationPort: number;
  /** Connects counted before the block; 0 for a manual block. */
  readonly connects: number;
  /** The administrator's note; null without one. */
  readonly note: string | null;
}

/** One block: its target, its time and its cause. Times are ms since the epoch. */
export interface Block {
  /** Canonical text of an address, or of a prefix (`2001:db8::/64`) with its host bits cleared. */
  readonly target: string;
  readonly family: 4 | 6;
  readonly since: number;
  /** null for ever. */
  readonly until: number | null;
  readonly cause: BlockCause;
}
