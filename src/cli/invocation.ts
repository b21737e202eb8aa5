import type { RunOptions } from '../preflight/run-options.ts';
import { SORT_KEYS, type SortKey } from '../track/top-slots.ts';
import type { Shell } from './shells.ts';

/** The parsed command line. */
export type Invocation =
  | ({ readonly command: 'run' } & RunOptions)
  | ({ readonly command: 'replay' } & ReplayOptions)
  | ({ readonly command: 'check' } & CheckOptions)
  | ({ readonly command: 'status' | 'lists' | 'doctor' | 'notify' } & QueryOptions)
  | ({ readonly command: 'share' } & ShareOptions)
  | ({ readonly command: 'list' } & ListOptions)
  | ({ readonly command: 'metrics' } & DaemonOptions)
  | ({ readonly command: 'scanners' } & ScannersOptions)
  | ({ readonly command: 'top' } & TopOptions)
  | ({ readonly command: 'logs' } & LogsOptions)
  | ({ readonly command: 'why' } & WhyOptions)
  | ({ readonly command: 'block' } & BlockOptions)
  | ({ readonly command: 'unblock' } & UnblockOptions)
  | ({ readonly command: 'report' } & ReportOptions)
  | ({ readonly command: 'setup' } & SetupOptions)
  | { readonly command: 'completion'; readonly shell: Shell | undefined }
  /** Help, version or completions: print the text. */
  | { readonly command: 'print'; readonly text: string };

/** The options of `replay`. */
export interface ReplayOptions {
  readonly files: readonly string[];
  readonly configfile: string | undefined;
  readonly mode: readonly string[];
  readonly home: string | undefined;
  readonly open: string | undefined;
  readonly inferOpen: boolean;
  readonly checksum: boolean;
  readonly format: 'text' | 'json' | 'eve' | 'none';
  readonly summary: 'text' | 'json' | 'none';
  /** How many sources and ports the summary names. */
  readonly top: number;
  /** Whether lines of text begin with the time. */
  readonly time: boolean;
  /** Whether packets with the same source and destination are left out. */
  readonly localCheck: boolean;
  // What narrows the replay to some probes, as text; undefined for all.
  readonly since: string | undefined;
  readonly until: string | undefined;
  readonly port: string | undefined;
  readonly source: string | undefined;
  /** The capture to be written with the packets of `source`. */
  readonly extract: string | undefined;
  readonly act: boolean;
}

/** The options of `report`. */
export interface ReportOptions {
  /** Event files and captures; none for EVENT_FILE. */
  readonly files: readonly string[];
  readonly configfile: string | undefined;
  readonly since: string | undefined;
  readonly until: string | undefined;
  /** How many sources and ports are named. */
  readonly top: number;
  /** Where the page goes; `-` is standard output. */
  readonly html: string | undefined;
  readonly json: boolean;
}

/** The options of `check`. */
export interface CheckOptions {
  readonly configfile: string | undefined;
  /** Words of --mode and of the old switches. */
  readonly mode: readonly string[];
}

/** The option of commands that ask the running daemon: the configuration that names its socket. */
export interface DaemonOptions {
  readonly configfile: string | undefined;
}

/** The options of commands that query the running daemon. */
export interface QueryOptions extends DaemonOptions {
  readonly json: boolean;
}

/** The options of `scanners`. */
export interface ScannersOptions extends QueryOptions {
  /** The text of --since; undefined for a day. */
  readonly since: string | undefined;
  readonly sort: ScannerSort;
  /** The text of --limit; undefined for no limit. */
  readonly limit: string | undefined;
}

/** What `scanners` can be sorted by. */
export const SCANNER_SORTS = [...SORT_KEYS, 'source'] as const;

/** One of them. */
export type ScannerSort = (typeof SCANNER_SORTS)[number];

/** The options of `top`. */
export interface TopOptions extends QueryOptions {
  readonly sort: SortKey;
}

/** The places where log lines may be. */
export const LOG_PLACES = ['journal', 'syslog', 'events'] as const;

/** The options of `logs`. */
export interface LogsOptions {
  readonly configfile: string | undefined;
  readonly follow: boolean;
  /** How many lines; undefined for the default. */
  readonly lines: number | undefined;
  readonly since: string | undefined;
  /** undefined: find out where the lines are. */
  readonly from: (typeof LOG_PLACES)[number] | undefined;
}

/** The options of `share`. */
export interface ShareOptions extends QueryOptions {
  /** Try the engine of the configuration. */
  readonly test: boolean;
}

/** The options of `why`. */
export interface WhyOptions extends QueryOptions {
  readonly address: string;
}

/** The options of `block`. */
export interface BlockOptions extends QueryOptions {
  /** `-` stands for the targets on standard input. */
  readonly targets: readonly string[];
  /** The text of --for. */
  readonly time: string | undefined;
  readonly why: string | undefined;
  /** The file of a list, and its name; both or none. Then there are no targets. */
  readonly file: string | undefined;
  readonly list: string | undefined;
}

/** The options of `unblock`. */
export interface UnblockOptions extends QueryOptions {
  /** Exactly one of `targets`, `all` and `list` says what. `-` stands for the targets on standard input. */
  readonly targets: readonly string[];
  readonly all: boolean;
  readonly list: string | undefined;
  /** Only end the record of the block. */
  readonly forget: boolean;
}

/** The options of `list`. */
export interface ListOptions extends QueryOptions {
  /** The named list whose members are asked for; undefined for the blocks. */
  readonly list: string | undefined;
}

/** The init systems that there are files for. */
export const INIT_SYSTEMS = ['systemd', 'openrc', 'sysv'] as const;

/** One of them. */
export type InitSystem = (typeof INIT_SYSTEMS)[number];

/** What --init takes. */
export const INIT_CHOICES = [...INIT_SYSTEMS, 'none'] as const;

/** The options of `setup`. */
export interface SetupOptions {
  /** undefined: find out which one this host has. */
  readonly init: readonly (typeof INIT_CHOICES)[number][] | undefined;
  readonly prefix: string;
  readonly root: string;
  readonly staging: boolean;
  readonly program: string | undefined;
  readonly enable: boolean;
  readonly remove: boolean;
  readonly purge: boolean;
  readonly dryRun: boolean;
}
