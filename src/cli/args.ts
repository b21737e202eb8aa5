import yargs from 'yargs';
import { CommandError, Exit } from './exit.ts';
import { expandLegacySwitches } from './modes.ts';

/** What the command line asks for. */
export type Invocation =
  | ({ readonly command: 'run' } & RunOptions)
  | ({ readonly command: 'replay' } & ReplayOptions)
  | { readonly command: 'check'; readonly configfile: string | undefined }
  /** Help or version: the text is all there is to do. */
  | { readonly command: 'print'; readonly text: string };

export interface RunOptions {
  readonly configfile: string | undefined;
  /** Words of --mode and of the old switches. */
  readonly mode: readonly string[];
  readonly interface: readonly string[];
  readonly logoutput: readonly LogOutput[];
  readonly daemon: boolean;
  readonly verbose: boolean;
  readonly localCheck: boolean;
  readonly serviceCheck: boolean;
  readonly dryRun: boolean;
}

export type LogOutput = 'stdout' | 'syslog';

export interface ReplayOptions {
  readonly files: readonly string[];
  readonly configfile: string | undefined;
  readonly mode: readonly string[];
  readonly home: string | undefined;
  readonly open: string | undefined;
  readonly inferOpen: boolean;
  readonly checksum: boolean;
  readonly format: 'text' | 'json' | 'none';
  readonly summary: boolean;
  readonly act: boolean;
}

/** Reads the command line (without the program's own name). Throws a CommandError, 64, for one that makes no sense. */
export async function parseArguments(argv: readonly string[], version: string): Promise<Invocation> {
  let invocation: Invocation | null = null;
  const parser = yargs()
    .scriptName('portsentry')
    .usage('Usage: $0 [-tcp|-stcp|-atcp] [-udp|-sudp|-audp] [options]\n       $0 COMMAND [options]')
    .command(
      '$0',
      'detect port scans and shut the scanner out (in the foreground)',
      (command) =>
        command.options({
          ...CONFIGURATION,
          mode: MODE,
          interface: {
            alias: 'i',
            type: 'string',
            array: true,
            nargs: 1,
            default: [] as string[],
            defaultDescription: 'ALL_NLO',
            describe: 'where to listen: ALL, ALL_NLO (all but loopback) or a name; repeatable',
          },
          logoutput: {
            alias: 'l',
            choices: ['stdout', 'syslog'] as const,
            array: true,
            nargs: 1,
            default: [] as LogOutput[],
            defaultDescription: 'both',
            describe: 'where log lines go',
          },
          daemon: {
            alias: 'D',
            type: 'boolean',
            default: false,
            describe: 'go to the background when ready',
          },
          verbose: { alias: 'v', type: 'boolean', default: false, describe: 'say more' },
          debug: { alias: 'd', type: 'boolean', default: false, describe: 'the same as --verbose' },
          'disable-local-check': {
            alias: 'L',
            type: 'boolean',
            default: false,
            describe: 'count packets with the same source and destination',
          },
          'disable-service-check': {
            alias: 'S',
            type: 'boolean',
            default: false,
            describe: 'watch ports that are in use, too',
          },
          'dry-run': { type: 'boolean', default: false, describe: 'do all but the actions' },
        }),
      (values) => {
        invocation = {
          command: 'run',
          configfile: values.configfile,
          mode: values.mode,
          interface: values.interface,
          logoutput: values.logoutput,
          daemon: values.daemon,
          verbose: values.verbose || values.debug,
          localCheck: !values.disableLocalCheck,
          serviceCheck: !values.disableServiceCheck,
          dryRun: values.dryRun,
        };
      },
    )
    .command(
      'replay <files..>',
      'run the same engine over capture files (pcap, pcapng, gzip; - is standard input)',
      (command) =>
        command
          .positional('files', { type: 'string', array: true, demandOption: true, describe: 'capture files' })
          .options({
            ...CONFIGURATION,
            mode: MODE,
            home: {
              type: 'string',
              describe: 'protected addresses: PREFIX,... (default: every destination)',
            },
            open: { type: 'string', describe: 'ports in use: tcp/22,udp/53@10.0.0.2,...' },
            'infer-open': {
              type: 'boolean',
              default: true,
              describe: 'find the ports in use by a first pass over the file',
            },
            checksum: { type: 'boolean', default: true, describe: 'leave out packets with wrong checksums' },
            format: {
              choices: ['text', 'json', 'none'] as const,
              default: 'text' as const,
              describe: 'how probes are told',
            },
            summary: { type: 'boolean', default: true, describe: 'end with a summary on standard error' },
            act: { type: 'boolean', default: false, describe: 'carry out the configured actions' },
          }),
      (values) => {
        const files = values.files.map((file) => (file === STANDARD_INPUT ? '-' : file));
        invocation = { command: 'replay', ...values, files };
      },
    )
    .command(
      'check',
      'read the configuration, print what it means and what is wrong with it',
      (command) => command.options(CONFIGURATION),
      ({ configfile }) => {
        invocation = { command: 'check', configfile };
      },
    )
    .version(version)
    .alias('help', 'h')
    .alias('version', 'V')
    .strict()
    .wrap(110)
    .exitProcess(false)
    .fail((message, error) => {
      throw error instanceof CommandError ? error : usageError(message || error?.message);
    });
  let printed = '';
  const words = expandLegacySwitches(argv).map((word) => (word === '-' ? STANDARD_INPUT : word));
  await parser.parseAsync(words, {}, (_error, _values, output) => {
    printed = output;
  });
  if (printed !== '') return { command: 'print', text: `${printed}\n` };
  if (invocation === null) throw usageError('no command');
  return invocation;
}

/** Stands for `-` while yargs parses, which loses that word among positional ones; no path has a NUL. */
const STANDARD_INPUT = '\0standard input';

const CONFIGURATION = {
  configfile: {
    alias: 'c',
    type: 'string',
    requiresArg: true,
    describe: 'the configuration (default: /etc/portsentry/portsentry.conf)',
  },
} as const;

const MODE = {
  type: 'string',
  array: true,
  nargs: 1,
  default: [] as string[],
  defaultDescription: 'MODES of the configuration, else atcp,audp',
  describe: 'modes to run, such as stcp,sudp; the switches -stcp -sudp say the same',
} as const;

function usageError(message: string): CommandError {
  return new CommandError(Exit.usage, `${message.replace(/\s*\n\s*/g, ' ')}; see portsentry --help`);
}
