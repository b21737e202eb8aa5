import { blockMethod } from './block-method.ts';
import {
  type BlockPolicy,
  type Config,
  type DecoyPolicy,
  type ExitPolicy,
  type ModeName,
  NOTIFY_FORMATS,
  type NotifyFormat,
  SENSOR_CHOICES,
  type SensorChoice,
  SHARE_ROLES,
  type ShareRole,
} from './config.ts';
import { engineAddress, machineName, redisAddress, streamName } from './engine-address.ts';
import { DEFAULT_DETECT, kindList } from './kinds.ts';
import { leadingNumber, looseFlag } from './lenient.ts';
import { listenAddress } from './listen-address.ts';
import { modeList } from './modes.ts';
import { PORT_COUNT } from './ports.ts';
import {
  choice,
  decimal,
  duration,
  fileMode,
  flag,
  integer,
  interfaceList,
  optional,
  portList,
  promFile,
  userName,
  type ValueKind,
  webAddress,
  words,
} from './values.ts';

/** A key of the configuration file. */
export interface Directive<T> {
  readonly key: string;
  readonly kind: ValueKind<T>;
  /** The text of the default, as in the file; null for unset. */
  readonly default: null extends T ? string | null : string;
  /** One line for the user. */
  readonly meaning: string;
  /** The command must contain $TARGET$; otherwise it would do the same for every source. */
  readonly needsTarget?: true;
  /** The value is a command in which tokens are replaced. */
  readonly hasTokens?: true;
  /** The value is a path; a relative one depends on the folder in which portsentry starts. */
  readonly isPath?: true;
  /** The modes that use the value; unset if it is used in every mode. */
  readonly modes?: readonly ModeName[];
}

/** The fields of `Config` that come from a key. */
export type Field = Exclude<keyof Config, 'file'>;

type Table = { readonly [F in Field]: Directive<Config[F]> };

// The lists that PortSentry 1.2 enables. The longer lists in its file include ports of common services.
const SHIPPED_TCP_PORTS =
  '1,11,15,79,111,119,143,540,635,1080,1524,2000,5742,6667,12345,12346,20034,27665,31337,32771-32774,40421,49724,54320';
const SHIPPED_UDP_PORTS = '1,7,9,69,161,162,513,635,640,641,700,31335,31337,32770-32774,34555,37444,54321';

const portLimit = leadingNumber(integer(1, PORT_COUNT));
const blockPolicy = leadingNumber(choice<BlockPolicy>(0, 1, 2));
const command = optional(words('a command'));
const path = words('a path');
const time = duration({ forEver: true });

/** An engine that is asked less often may have forgotten what has ended since. */
const MAX_INTERVAL_MS = 3_600_000;

/** Decisions of others that may be taken: less than all lists together may hold. */
const MAX_SHARED = 150_000;

/** A packet that anybody can forge holds its source, so no hold may be longer than what a source is held in ten minutes. */
const MAX_HOLD_MS = 60_000;

/** Every key, in the order in which `check` shows them: first the keys of PortSentry 1.x and 2.x, then the new ones. */
export const DIRECTIVES: Table = {
  tcpPorts: {
    key: 'TCP_PORTS',
    kind: portList,
    default: SHIPPED_TCP_PORTS,
    meaning: 'ports that -tcp and -stcp watch',
    modes: ['tcp', 'stcp'],
  },
  udpPorts: {
    key: 'UDP_PORTS',
    kind: portList,
    default: SHIPPED_UDP_PORTS,
    meaning: 'ports that -udp and -sudp watch',
    modes: ['udp', 'sudp'],
  },
  advancedPortsTcp: {
    key: 'ADVANCED_PORTS_TCP',
    kind: portLimit,
    default: '1024',
    meaning: '-atcp watches every port below this number',
    modes: ['atcp'],
  },
  advancedPortsUdp: {
    key: 'ADVANCED_PORTS_UDP',
    kind: portLimit,
    default: '1024',
    meaning: '-audp watches every port below this number',
    modes: ['audp'],
  },
  advancedExcludeTcp: {
    key: 'ADVANCED_EXCLUDE_TCP',
    kind: portList,
    default: '113,139',
    meaning: 'ports that -atcp leaves out',
    modes: ['atcp'],
  },
  advancedExcludeUdp: {
    key: 'ADVANCED_EXCLUDE_UDP',
    kind: portList,
    default: '520,138,137,67',
    meaning: 'ports that -audp leaves out',
    modes: ['audp'],
  },
  ignoreFile: {
    key: 'IGNORE_FILE',
    kind: optional(path),
    default: '/etc/portsentry/portsentry.ignore',
    meaning: 'addresses that are never acted on',
    isPath: true,
  },
  historyFile: {
    key: 'HISTORY_FILE',
    kind: optional(path),
    default: '/var/lib/portsentry/portsentry.history',
    meaning: 'a line for each host, kept for ever',
    isPath: true,
  },
  blockedFile: {
    key: 'BLOCKED_FILE',
    kind: optional(path),
    default: '/var/lib/portsentry/portsentry.blocked',
    meaning: 'a line for each blocked host; the mode is added to the name',
    isPath: true,
  },
  resolveHost: {
    key: 'RESOLVE_HOST',
    kind: looseFlag,
    default: '0',
    meaning: 'names of hosts in log lines',
  },
  blockTcp: {
    key: 'BLOCK_TCP',
    kind: blockPolicy,
    default: '0',
    meaning: '0 only log, 1 block, 2 run the external command only',
  },
  blockUdp: {
    key: 'BLOCK_UDP',
    kind: blockPolicy,
    default: '0',
    meaning: '0 only log, 1 block, 2 run the external command only',
  },
  killRoute: {
    key: 'KILL_ROUTE',
    kind: command,
    default: null,
    meaning: 'command that shuts a source out',
    hasTokens: true,
    needsTarget: true,
  },
  killHostsDeny: {
    key: 'KILL_HOSTS_DENY',
    kind: optional(words('a line for hosts.deny')),
    default: null,
    meaning: 'line for /etc/hosts.deny',
    hasTokens: true,
    needsTarget: true,
  },
  killRunCmd: {
    key: 'KILL_RUN_CMD',
    kind: command,
    default: null,
    meaning: 'external command',
    hasTokens: true,
  },
  killRunCmdFirst: {
    key: 'KILL_RUN_CMD_FIRST',
    kind: looseFlag,
    default: '0',
    meaning: '1 runs the external command before the block',
  },
  scanTrigger: {
    key: 'SCAN_TRIGGER',
    kind: leadingNumber(integer(0, 1_000_000)),
    default: '0',
    meaning: 'connects that are allowed before the alarm',
  },
  portBanner: {
    key: 'PORT_BANNER',
    kind: optional(words('a text')),
    default: null,
    meaning: 'text that -tcp and -udp send',
    modes: ['tcp', 'udp'],
  },
  udpBannerAmplify: {
    key: 'UDP_BANNER_AMPLIFY',
    kind: flag,
    default: '0',
    meaning: '1 answers with all of PORT_BANNER, even if the datagram was shorter',
    modes: ['udp'],
  },
  modes: {
    key: 'MODES',
    kind: modeList,
    default: '',
    meaning: 'modes to start in when the command line names none',
  },
  interfaces: {
    key: 'INTERFACES',
    kind: interfaceList,
    default: 'ALL_NLO',
    meaning: 'interfaces to listen on; ALL_NLO is all but the loopback',
  },
  detect: {
    key: 'DETECT',
    kind: kindList,
    default: DEFAULT_DETECT,
    meaning: 'kinds of probe to detect',
  },
  sensor: {
    key: 'SENSOR',
    kind: choice<SensorChoice>(...SENSOR_CHOICES),
    default: 'auto',
    meaning:
      'what reports packets: a table in the kernel, captured frames, or the first if this host can have it',
  },
  hold: {
    key: 'HOLD',
    kind: flag,
    default: '1',
    meaning: '1 lets the kernel drop the packets of a source that probed until it is judged',
  },
  holdTime: {
    key: 'HOLD_TIME',
    kind: duration({ forEver: false, maxMs: MAX_HOLD_MS }),
    default: '10s',
    meaning: 'how long the kernel holds such a source',
  },
  challenge: {
    key: 'CHALLENGE',
    kind: flag,
    default: '0',
    meaning: '1 answers half of the ports of a held source with RST, to see whether it reads our answers',
  },
  nflogGroup: {
    key: 'NFLOG_GROUP',
    kind: integer(1, 65_535),
    default: '20563',
    meaning: 'the netfilter log group of the kernel sensor; the next free one is taken if it is in use',
  },
  knownServices: {
    key: 'KNOWN_SERVICES',
    kind: flag,
    default: '1',
    meaning: '1 blocks nobody for probes to the port of a service that is away, up to seven days',
  },
  scanWindow: {
    key: 'SCAN_WINDOW',
    kind: time,
    default: '24h',
    meaning: 'how long connects add up',
  },
  blockMethod: {
    key: 'BLOCK_METHOD',
    kind: blockMethod,
    default: 'auto',
    meaning: 'how a source is blocked; auto: by KILL_ROUTE if it is set, else by the best that the host has',
  },
  blockTime: {
    key: 'BLOCK_TIME',
    kind: time,
    default: '24h',
    meaning: 'how long a block lasts',
  },
  blockTimeFactor: {
    key: 'BLOCK_TIME_FACTOR',
    kind: decimal(1, 1000),
    default: '2',
    meaning: 'how many times longer the next block of the same source lasts',
  },
  blockTimeMax: {
    key: 'BLOCK_TIME_MAX',
    kind: time,
    default: '30d',
    meaning: 'how long a block lasts at most',
  },
  blockIpv6Prefix: {
    key: 'BLOCK_IPV6_PREFIX',
    kind: integer(32, 128),
    default: '64',
    meaning: 'IPv6 addresses that share this many leading bits are one source; 128: each is its own',
  },
  blockOnExit: {
    key: 'BLOCK_ON_EXIT',
    kind: choice<ExitPolicy>('keep', 'release'),
    default: 'keep',
    meaning: 'whether blocks stay in force when portsentry ends',
  },
  killRoute6: {
    key: 'KILL_ROUTE6',
    kind: command,
    default: null,
    meaning: 'KILL_ROUTE for an IPv6 source',
    hasTokens: true,
    needsTarget: true,
  },
  unkillRoute: {
    key: 'UNKILL_ROUTE',
    kind: command,
    default: null,
    meaning: 'command that takes KILL_ROUTE back',
    hasTokens: true,
    needsTarget: true,
  },
  unkillRoute6: {
    key: 'UNKILL_ROUTE6',
    kind: command,
    default: null,
    meaning: 'command that takes KILL_ROUTE6 back',
    hasTokens: true,
    needsTarget: true,
  },
  logFormat: {
    key: 'LOG_FORMAT',
    kind: choice<1 | 2>(1, 2),
    default: '1',
    meaning: 'log lines of PortSentry 1.x or 2.x',
  },
  autoIgnore: {
    key: 'AUTO_IGNORE',
    kind: flag,
    default: '1',
    meaning: 'never block gateways, servers and sessions that this host needs',
  },
  decoyPolicy: {
    key: 'DECOY_POLICY',
    kind: choice<DecoyPolicy>('log', 'block'),
    default: 'log',
    meaning: 'what happens to sources that send the same at the same time, most of them forged',
  },
  blockSpoofable: {
    key: 'BLOCK_SPOOFABLE',
    kind: flag,
    default: '1',
    meaning: '0 blocks no source for packets that anybody can forge, however many',
  },
  logTool: {
    key: 'LOG_TOOL',
    kind: flag,
    default: '0',
    meaning: "1 adds the scanner's tool to log lines of PortSentry 1.x",
  },
  blockRateMax: {
    key: 'BLOCK_RATE_MAX',
    kind: integer(1, 1_000_000),
    default: '300',
    meaning: 'new blocks a minute before sources look forged',
  },
  actionTimeout: {
    key: 'ACTION_TIMEOUT',
    kind: duration({ forEver: false }),
    default: '10s',
    meaning: 'how long a command may run',
  },
  eventFile: {
    key: 'EVENT_FILE',
    kind: optional(path),
    default: null,
    meaning: 'events as JSON lines',
    isPath: true,
  },
  eventFormat: {
    key: 'EVENT_FORMAT',
    kind: choice<'ecs' | 'eve'>('ecs', 'eve'),
    default: 'ecs',
    meaning: 'fields of the events: Elastic Common Schema, or Suricata EVE',
  },
  eventFileMode: {
    key: 'EVENT_FILE_MODE',
    kind: optional(fileMode),
    default: null,
    meaning: 'mode and group of EVENT_FILE, as in 0640:adm, for programs that are not root',
  },
  metricsFile: {
    key: 'METRICS_FILE',
    kind: optional(promFile),
    default: null,
    meaning: 'metrics for the textfile collector of node_exporter, written every 15 s',
    isPath: true,
  },
  metricsListen: {
    key: 'METRICS_LISTEN',
    kind: optional(listenAddress),
    default: null,
    meaning: 'where Prometheus scrapes metrics: 127.0.0.1:PORT, [::1]:PORT or the path of a unix socket',
  },
  geoipDb: {
    key: 'GEOIP_DB',
    kind: optional(path),
    default: null,
    meaning:
      'where report finds countries and networks: an mmdb file or a folder of them; unset: the usual folders',
    isPath: true,
  },
  notifyCommand: {
    key: 'NOTIFY_COMMAND',
    kind: command,
    default: null,
    meaning: 'command that gets each notification as JSON on its standard input',
  },
  notifyUrl: {
    key: 'NOTIFY_URL',
    kind: optional(webAddress),
    default: null,
    meaning: 'address that notifications are posted to',
  },
  notifyUrlFile: {
    key: 'NOTIFY_URL_FILE',
    kind: optional(path),
    default: null,
    meaning: 'file with that address, if it is a secret',
    isPath: true,
  },
  notifyFormat: {
    key: 'NOTIFY_FORMAT',
    kind: choice<NotifyFormat>(...NOTIFY_FORMATS),
    default: 'json',
    meaning: 'form of what is posted to NOTIFY_URL',
  },
  notifyTokenFile: {
    key: 'NOTIFY_TOKEN_FILE',
    kind: optional(path),
    default: null,
    meaning: 'file with the token that NOTIFY_URL asks for',
    isPath: true,
  },
  controlSocket: {
    key: 'CONTROL_SOCKET',
    kind: path,
    default: '/run/portsentry/portsentry.sock',
    meaning: 'where status, list, block and unblock reach the daemon',
    isPath: true,
  },
  stateDir: {
    key: 'STATE_DIR',
    kind: path,
    default: '/var/lib/portsentry',
    meaning: 'where blocks are remembered',
    isPath: true,
  },
  crowdsecUrl: {
    key: 'CROWDSEC_URL',
    kind: optional(engineAddress),
    default: null,
    meaning: 'local API of CrowdSec, by which hosts tell each other of scanners',
  },
  crowdsecMachine: {
    key: 'CROWDSEC_MACHINE',
    kind: optional(machineName),
    default: null,
    meaning: 'name by which this host logs in there, to tell of the sources that it blocks',
  },
  crowdsecPasswordFile: {
    key: 'CROWDSEC_PASSWORD_FILE',
    kind: optional(path),
    default: null,
    meaning: 'file with the password of CROWDSEC_MACHINE',
    isPath: true,
  },
  crowdsecKeyFile: {
    key: 'CROWDSEC_KEY_FILE',
    kind: optional(path),
    default: null,
    meaning: 'file with the API key of a bouncer, to shut out sources that others name',
    isPath: true,
  },
  crowdsecCertFile: {
    key: 'CROWDSEC_CERT_FILE',
    kind: optional(path),
    default: null,
    meaning: 'client certificate, in place of password and API key',
    isPath: true,
  },
  crowdsecCertKeyFile: {
    key: 'CROWDSEC_CERT_KEY_FILE',
    kind: optional(path),
    default: null,
    meaning: 'private key of CROWDSEC_CERT_FILE',
    isPath: true,
  },
  crowdsecCaFile: {
    key: 'CROWDSEC_CA_FILE',
    kind: optional(path),
    default: null,
    meaning: 'authority that has signed the certificate of CROWDSEC_URL',
    isPath: true,
  },
  crowdsecInterval: {
    key: 'CROWDSEC_INTERVAL',
    kind: duration({ forEver: false, maxMs: MAX_INTERVAL_MS }),
    default: '10s',
    meaning: 'how often CrowdSec is asked for decisions of others',
  },
  redisUrl: {
    key: 'REDIS_URL',
    kind: optional(redisAddress),
    default: null,
    meaning: 'server of Redis, by which hosts tell each other of scanners where there is no CrowdSec',
  },
  redisUser: {
    key: 'REDIS_USER',
    kind: optional(machineName),
    default: null,
    meaning: 'user of its access control list that may XADD and XREAD',
  },
  redisPasswordFile: {
    key: 'REDIS_PASSWORD_FILE',
    kind: optional(path),
    default: null,
    meaning: 'file with the password of REDIS_USER',
    isPath: true,
  },
  redisStream: {
    key: 'REDIS_STREAM',
    kind: streamName,
    default: 'portsentry',
    meaning: 'key of the stream there',
  },
  redisCertFile: {
    key: 'REDIS_CERT_FILE',
    kind: optional(path),
    default: null,
    meaning: 'client certificate, where the server asks for one',
    isPath: true,
  },
  redisCertKeyFile: {
    key: 'REDIS_CERT_KEY_FILE',
    kind: optional(path),
    default: null,
    meaning: 'private key of REDIS_CERT_FILE',
    isPath: true,
  },
  redisCaFile: {
    key: 'REDIS_CA_FILE',
    kind: optional(path),
    default: null,
    meaning: 'authority that has signed the certificate of REDIS_URL',
    isPath: true,
  },
  shareKeyFile: {
    key: 'SHARE_KEY_FILE',
    kind: optional(path),
    default: null,
    meaning: 'file with the key, the same on all hosts, that signs what they tell each other by Redis',
    isPath: true,
  },
  share: {
    key: 'SHARE',
    kind: choice<ShareRole>(...SHARE_ROLES),
    default: 'both',
    meaning: 'push only tells others, pull only takes what they tell',
  },
  shareRepeated: {
    key: 'SHARE_REPEATED',
    kind: flag,
    default: '0',
    meaning: '1 tells others of sources whose probes may be forged, too, from three ports on',
  },
  shareMax: {
    key: 'SHARE_MAX',
    kind: integer(1, MAX_SHARED),
    default: '50000',
    meaning: 'decisions of others that are taken at most',
  },
  shareTimeMax: {
    key: 'SHARE_TIME_MAX',
    kind: time,
    default: '7d',
    meaning:
      'how long a source that others name stays shut out at most after that; 0 for as long as they say',
  },
  user: {
    key: 'USER',
    kind: optional(userName),
    default: null,
    meaning: 'account to run as instead of root, with only CAP_NET_RAW and CAP_NET_ADMIN',
  },
};

/** The fields of the table, in its order. */
export const FIELDS = Object.keys(DIRECTIVES) as readonly Field[];

/** The text of a field's value, as in the file; empty for unset. */
export function formatField<F extends Field>(config: Config, field: F): string {
  const directive: Directive<Config[F]> = DIRECTIVES[field];
  return directive.kind.format(config[field]);
}
