import type { KindName } from '../classify/kind.ts';
import type { ToolName } from '../classify/tool.ts';
import type { BlockMethod, ModeName } from '../config/config.ts';
import type { Transport } from '../net/protocol.ts';
import type { Evidence } from '../track/evidence.ts';

/** How the daemon is doing. Plain data, as the socket carries it; times are ms since the epoch. */
export interface Status {
  /** Of the program. */
  readonly version: string;
  readonly pid: number;
  readonly modes: readonly ModeName[];
  /** The interfaces that are listened to now. */
  readonly interfaces: readonly string[];
  /** The words of --interface or INTERFACES. */
  readonly interfacesAsked: readonly string[];
  readonly startedAt: number;
  /** Seconds. */
  readonly uptime: number;
  /** null when the built-in defaults are in force. */
  readonly configFile: string | null;
  readonly frames: number;
  /** Of the frames, those that were heard on a second interface, too. */
  readonly duplicates: number;
  readonly probes: number;
  /** Frames by the reason why nothing could be read from them. */
  readonly undecoded: Readonly<Record<string, number>>;
  /** Frames that the kernel dropped; null when capture cannot tell. */
  readonly dropped: number | null;
  /** Sources that are tracked. */
  readonly sources: number;
  readonly blocks: { readonly inForce: number; readonly due: number };
  /** `how`: why it is this method, as in `set by BLOCK_METHOD`. */
  readonly method: { readonly name: BlockMethod; readonly how: string };
  readonly dryRun: boolean;
  readonly queue: { readonly running: number; readonly queued: number };
  /** Open: more than `threshold` new blocks came in a minute, so sources of a single probe are only logged. */
  readonly breaker: { readonly open: boolean; readonly threshold: number };
  /** Resident, in octets. */
  readonly memory: number;
  /** A watched port that is free, where a trial probe is seen and disturbs nobody; null when there is none. */
  readonly probePort: { readonly transport: Transport; readonly port: number } | null;
}

/** One block that is due, in force or not. Times are ms since the epoch. */
export interface BlockInfo {
  /** Canonical text of an address or a prefix. */
  readonly target: string;
  readonly since: number;
  /** null for ever. */
  readonly until: number | null;
  /** How often it was blocked, this time included. */
  readonly times: number;
  readonly method: BlockMethod;
  readonly inForce: boolean;
  readonly mode: ModeName;
  /** `manual`: an administrator's word; then port and connects are 0. */
  readonly kind: KindName | 'manual';
  readonly transport: Transport;
  readonly port: number;
  readonly connects: number;
  /** What the administrator said; null when nothing was. */
  readonly note: string | null;
}

/** All that is known of one address. Times are ms since the epoch. */
export interface Why {
  readonly address: string;
  /** The never-block rule that spares it. */
  readonly rule: string | null;
  /** Its probes; null when it is not tracked. */
  readonly source: KnownSource | null;
  /** The block that covers it; its target is a prefix when it covers others, too. */
  readonly block: BlockInfo | null;
  /** Blocks that are over: how many, when the last one ended and how, as in `it was unblocked by hand`. */
  readonly earlier: { readonly times: number; readonly endedAt: number; readonly how: string } | null;
  /** What will happen next, in plain sentences. */
  readonly next: readonly string[];
}

/** What one source has done so far. Times are ms since the epoch. */
export interface KnownSource {
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly probes: number;
  readonly connects: number;
  /** Different ports, and different addresses of ours. */
  readonly ports: number;
  readonly targets: number;
  readonly kinds: readonly KindName[];
  /** How easily what it did can be forged. */
  readonly evidence: Evidence;
  /** The program that most of its probes look like. */
  readonly tool: ToolName | null;
  /** Others sent the same at the same time. */
  readonly decoy: boolean;
}

/** One line of `doctor`: what was looked at, how it is, and what to do when that is bad. */
export interface HealthCheck {
  readonly name: string;
  /** `skip`: it could not be looked at. */
  readonly result: 'ok' | 'warn' | 'fail' | 'skip';
  readonly message: string;
}
