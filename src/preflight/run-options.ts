/** The options of a live run on the command line. */
export interface RunOptions {
  readonly configfile: string | undefined;
  /** Words of --mode and of the old switches. */
  readonly mode: readonly string[];
  readonly interface: readonly string[];
  readonly logoutput: readonly LogOutput[];
  readonly daemon: boolean;
  readonly pidfile: string | undefined;
  readonly verbose: boolean;
  readonly debug: boolean;
  readonly localCheck: boolean;
  readonly serviceCheck: boolean;
  readonly dryRun: boolean;
}

/** A word of --logoutput. */
export type LogOutput = 'stdout' | 'syslog';
