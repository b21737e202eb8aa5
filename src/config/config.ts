import type { DetectedKind } from './kinds.ts';
import type { PortSet } from './ports.ts';

/** What to do with a source that triggered (BLOCK_TCP, BLOCK_UDP): only log, block, run the external command. */
export type BlockPolicy = 0 | 1 | 2;

/** For TCP and for UDP: a mode that listens, one that watches a list of ports, and one that watches every low port. */
export const MODE_NAMES = ['tcp', 'stcp', 'atcp', 'udp', 'sudp', 'audp'] as const;

/** The name of a mode, as MODES and the command line spell it. */
export type ModeName = (typeof MODE_NAMES)[number];

/** Blocks stay in force when the daemon ends, or are taken back until it starts again. */
export type ExitPolicy = 'keep' | 'release';

/** Sources that send the same at the same time are only logged, or blocked like any. */
export type DecoyPolicy = 'log' | 'block';

/** The ways to block a source. `none` blocks nothing; `null` blocks nothing and reports every block as done. */
export const BLOCK_METHODS = ['command', 'nftables', 'ipset', 'iptables', 'route', 'none', 'null'] as const;

/** The name of a block method, as BLOCK_METHOD spells it. */
export type BlockMethod = (typeof BLOCK_METHODS)[number];

/**
 * The whole configuration, resolved: every default filled in, every value checked. Frozen. Durations are
 * milliseconds; a time of 0 is "for ever". Commands and paths that are not set are null.
 */
export interface Config {
  /** The file it came from; null when only the built-in defaults are in force. */
  readonly file: string | null;

  readonly tcpPorts: PortSet;
  readonly udpPorts: PortSet;
  /** atcp and audp watch every port below this number. */
  readonly advancedPortsTcp: number;
  readonly advancedPortsUdp: number;
  readonly advancedExcludeTcp: PortSet;
  readonly advancedExcludeUdp: PortSet;

  /** The kinds of probe that are looked for. */
  readonly detect: readonly DetectedKind[];

  readonly ignoreFile: string | null;
  readonly historyFile: string | null;
  readonly blockedFile: string | null;
  readonly resolveHost: boolean;

  readonly blockTcp: BlockPolicy;
  readonly blockUdp: BlockPolicy;
  readonly killRoute: string | null;
  readonly killRoute6: string | null;
  readonly unkillRoute: string | null;
  readonly unkillRoute6: string | null;
  readonly killHostsDeny: string | null;
  readonly killRunCmd: string | null;
  readonly killRunCmdFirst: boolean;
  readonly scanTrigger: number;
  readonly portBanner: string | null;
  /** A datagram may be answered with more octets than it had. */
  readonly udpBannerAmplify: boolean;

  /** Modes of MODES; empty when the key is not there. */
  readonly modes: readonly ModeName[];
  /** Names of INTERFACES, `ALL` or `ALL_NLO` among them. */
  readonly interfaces: readonly string[];
  readonly scanWindow: number;
  /** null: not said, so `command` when there is a KILL_ROUTE, else the best that the host has. */
  readonly blockMethod: BlockMethod | null;
  readonly blockTime: number;
  readonly blockTimeFactor: number;
  readonly blockTimeMax: number;
  /** Bits of an IPv6 address that tell one source from another; 128 for the whole address. */
  readonly blockIpv6Prefix: number;
  /** What the end of the daemon does to the blocks. */
  readonly blockOnExit: ExitPolicy;
  readonly logFormat: 1 | 2;
  readonly autoIgnore: boolean;
  readonly decoyPolicy: DecoyPolicy;
  /** A single packet, which anybody can forge, is enough for a block. */
  readonly blockSpoofable: boolean;
  /** Log lines end with the scanner's tool. */
  readonly logTool: boolean;
  /** New blocks a minute. */
  readonly blockRateMax: number;
  readonly actionTimeout: number;
  readonly eventFile: string | null;
  readonly controlSocket: string;
  readonly stateDir: string;
  /** Whom to run as, instead of root. */
  readonly user: string | null;
}
