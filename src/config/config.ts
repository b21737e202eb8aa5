import type { FileMode } from './file-mode.ts';
import type { DetectedKind } from './kinds.ts';
import type { ListenAddress } from './listen-address.ts';
import type { PortSet } from './ports.ts';

/** BLOCK_TCP and BLOCK_UDP: what is done once a source has reached the trigger. 0 logs, 1 blocks, 2 runs the external command. */
export type BlockPolicy = 0 | 1 | 2;

/** For TCP and for UDP: a mode that listens, one that watches a list of ports, and one that watches every low port. */
export const MODE_NAMES = ['tcp', 'stcp', 'atcp', 'udp', 'sudp', 'audp'] as const;

/** The name of a mode, as MODES and the command line spell it. */
export type ModeName = (typeof MODE_NAMES)[number];

/** The values of SENSOR: the kernel's own table, captured frames, or the first if the host can have it. */
export const SENSOR_CHOICES = ['auto', 'kernel', 'packet'] as const;
export type SensorChoice = (typeof SENSOR_CHOICES)[number];

/** BLOCK_ON_EXIT: when the daemon ends, blocks stay in force or are released until it starts again. */
export type ExitPolicy = 'keep' | 'release';

/** SHARE: others are told of sources that are blocked here, sources that others name are shut out here, or both. */
export const SHARE_ROLES = ['both', 'push', 'pull'] as const;
export type ShareRole = (typeof SHARE_ROLES)[number];

/** DECOY_POLICY: sources that send the same probes at the same time are only logged, or blocked like any other. */
export type DecoyPolicy = 'log' | 'block';

/** The formats of NOTIFY_URL: ours, and those of the receivers ntfy, Slack (and what takes its messages) and the Apprise API. */
export const NOTIFY_FORMATS = ['json', 'ntfy', 'slack', 'apprise'] as const;
export type NotifyFormat = (typeof NOTIFY_FORMATS)[number];

/** The ways to block a source. `none` blocks nothing; `null` blocks nothing and reports every block as done. */
export const BLOCK_METHODS = ['command', 'nftables', 'ipset', 'iptables', 'route', 'none', 'null'] as const;

/** The name of a block method, as BLOCK_METHOD spells it. */
export type BlockMethod = (typeof BLOCK_METHODS)[number];

/**
 * The resolved configuration: every default is filled in, every value is checked, and the object is frozen. Times are
 * in milliseconds, and 0 means "for ever". Commands and paths that are not set are null.
 */
export interface Config {
  /** The file that was read; null when only the built-in defaults are in force. */
  readonly file: string | null;

  readonly tcpPorts: PortSet;
  readonly udpPorts: PortSet;
  /** atcp and audp watch every port below this number. */
  readonly advancedPortsTcp: number;
  readonly advancedPortsUdp: number;
  readonly advancedExcludeTcp: PortSet;
  readonly advancedExcludeUdp: PortSet;

  /** The kinds of probe to detect. */
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
  /** The answer to a datagram may be longer than the datagram. */
  readonly udpBannerAmplify: boolean;

  /** The modes of MODES; empty when the key is not set. */
  readonly modes: readonly ModeName[];
  /** The names of INTERFACES; `ALL` and `ALL_NLO` count as names. */
  readonly interfaces: readonly string[];
  readonly sensor: SensorChoice;
  /** The kernel drops all packets of a source that probed, for HOLD_TIME, until it is judged. */
  readonly hold: boolean;
  readonly holdTime: number;
  /** The kernel answers half of a held source's ports, so that the source can show that it reads our answers. */
  readonly challenge: boolean;
  readonly nflogGroup: number;
  /** Probes to the port of a service that is away block nobody. */
  readonly knownServices: boolean;
  readonly scanWindow: number;
  /** null for `auto`: `command` if there is a KILL_ROUTE, otherwise the best method that the host has. */
  readonly blockMethod: BlockMethod | null;
  readonly blockTime: number;
  readonly blockTimeFactor: number;
  readonly blockTimeMax: number;
  /** The number of leading bits of an IPv6 address that identify a source; 128 for the whole address. */
  readonly blockIpv6Prefix: number;
  readonly blockOnExit: ExitPolicy;
  readonly logFormat: 1 | 2;
  readonly autoIgnore: boolean;
  readonly decoyPolicy: DecoyPolicy;
  /** A single packet, which anyone can forge, is enough for a block. */
  readonly blockSpoofable: boolean;
  /** Log lines end with the name of the scanner's tool. */
  readonly logTool: boolean;
  /** New blocks per minute. */
  readonly blockRateMax: number;
  readonly actionTimeout: number;
  readonly eventFile: string | null;
  readonly eventFormat: 'ecs' | 'eve';
  /** The mode and the group of EVENT_FILE; null leaves those that it has. */
  readonly eventFileMode: FileMode | null;
  /** Metrics for the textfile collector of node_exporter. */
  readonly metricsFile: string | null;
  /** Where metrics are served. */
  readonly metricsListen: ListenAddress | null;
  /** A file, or a folder of files, in MaxMind's format; null for those of the usual folders. */
  readonly geoipDb: string | null;
  /** A command that gets each notification as JSON on its standard input. */
  readonly notifyCommand: string | null;
  /** Where notifications are posted to; `notifyUrlFile` names a file with the address instead. */
  readonly notifyUrl: string | null;
  readonly notifyUrlFile: string | null;
  readonly notifyFormat: NotifyFormat;
  /** A file with what the header Authorization needs. */
  readonly notifyTokenFile: string | null;
  readonly controlSocket: string;
  readonly stateDir: string;
  /** The local API of CrowdSec; null when nothing is shared. */
  readonly crowdsecUrl: string | null;
  /** The name of this host there, and the file with its password. */
  readonly crowdsecMachine: string | null;
  readonly crowdsecPasswordFile: string | null;
  /** The file with the key of a bouncer, which may ask for decisions. */
  readonly crowdsecKeyFile: string | null;
  /** The certificate that this host shows, its private key, and the authority of the engine's certificate. */
  readonly crowdsecCertFile: string | null;
  readonly crowdsecCertKeyFile: string | null;
  readonly crowdsecCaFile: string | null;
  readonly crowdsecInterval: number;
  /** A server of Redis; null when nothing is shared by it. */
  readonly redisUrl: string | null;
  readonly redisUser: string | null;
  readonly redisPasswordFile: string | null;
  readonly redisStream: string;
  readonly redisCertFile: string | null;
  readonly redisCertKeyFile: string | null;
  readonly redisCaFile: string | null;
  /** The key by which hosts sign what they tell each other by Redis. */
  readonly shareKeyFile: string | null;
  readonly share: ShareRole;
  /** Others are told of sources of repeated probes, too, which anybody can forge. */
  readonly shareRepeated: boolean;
  /** Decisions of others that are taken. */
  readonly shareMax: number;
  readonly shareTimeMax: number;
  /** The account to run as instead of root. */
  readonly user: string | null;
}
