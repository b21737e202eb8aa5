import type { Argv } from 'yargs';
import type { LogOutput } from '../../preflight/run-options.ts';
import type { Invocation } from '../invocation.ts';
import { CONFIGURATION, MODE, MODES_2X, modeWords } from './options.ts';

/** The options of a run. */
export const RUN_OPTIONS = {
  ...CONFIGURATION,
  mode: MODE,
  ...MODES_2X,
  method: {
    alias: 'm',
    choices: ['pcap', 'raw'] as const,
    requiresArg: true,
    describe: 'taken for the sake of PortSentry 2.x; packets are captured in the same way with both',
  },
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
  daemon: { alias: 'D', type: 'boolean', default: false, describe: 'go to the background when ready' },
  pidfile: {
    type: 'string',
    requiresArg: true,
    describe: 'where to write the process ID when ready',
  },
  verbose: { alias: 'v', type: 'boolean', default: false, describe: 'log more' },
  debug: { alias: 'd', type: 'boolean', default: false, describe: 'log even more' },
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
    describe: 'also watch ports that are in use',
  },
  'dry-run': { type: 'boolean', default: false, describe: 'do everything except the actions' },
} as const;

/** Adds the default command, which runs the detector. `take` receives the invocation. */
export function addRun(parser: Argv, take: (invocation: Invocation) => void): Argv {
  return parser.command(
    '$0',
    'detect port scans and shut the scanner out (in the foreground)',
    (command) => command.options(RUN_OPTIONS),
    (values) => {
      take({
        command: 'run',
        configfile: values.configfile,
        mode: modeWords(values),
        interface: values.interface,
        logoutput: values.logoutput,
        daemon: values.daemon,
        pidfile: values.pidfile,
        verbose: values.verbose || values.debug,
        debug: values.debug,
        localCheck: !values.disableLocalCheck,
        serviceCheck: !values.disableServiceCheck,
        dryRun: values.dryRun,
      });
    },
  );
}
