import type { Argv } from 'yargs';
import type { Invocation } from '../invocation.ts';
import { asGiven, CONFIGURATION, MODE } from './options.ts';

/** --summary without a value takes none: the word after it is a file. */
const SUMMARY_ALONE = '--summary';
const NO_SUMMARY = '--no-summary';

/** Rewrites `--summary` and `--no-summary` with the value that they stand for. */
export function expandSummary(word: string): string {
  if (word === SUMMARY_ALONE) return '--summary=text';
  return word === NO_SUMMARY ? '--summary=none' : word;
}

/** Adds `replay FILE...`. `take` receives the invocation. */
export function addReplay(parser: Argv, take: (invocation: Invocation) => void): Argv {
  return parser.command(
    'replay <files..>',
    'run the detector over capture files (pcap, pcapng, gzip; - is standard input)',
    (command) =>
      command
        .positional('files', {
          type: 'string',
          array: true,
          demandOption: true,
          describe: 'capture files, folders of them, or patterns in quotes',
        })
        .options({
          ...CONFIGURATION,
          mode: MODE,
          home: { type: 'string', describe: 'protected addresses: PREFIX,... (default: every destination)' },
          open: { type: 'string', describe: 'ports in use: tcp/22,udp/53@10.0.0.2,...' },
          'infer-open': {
            type: 'boolean',
            default: true,
            describe: 'find the ports in use in a first pass over the files',
          },
          checksum: { type: 'boolean', default: true, describe: 'skip packets with wrong checksums' },
          'disable-local-check': {
            alias: 'L',
            type: 'boolean',
            default: false,
            describe: 'count packets with the same source and destination',
          },
          since: { type: 'string', requiresArg: true, describe: 'judge probes from this time on' },
          until: { type: 'string', requiresArg: true, describe: 'judge probes before this time' },
          port: {
            type: 'string',
            requiresArg: true,
            describe: 'judge probes of these ports: 22,80-90,udp/53',
          },
          source: {
            type: 'string',
            requiresArg: true,
            describe: 'judge probes of these sources: PREFIX,...',
          },
          format: {
            choices: ['text', 'json', 'eve', 'none'] as const,
            default: 'text' as const,
            describe: 'output format; json has the fields of ECS, eve those of Suricata',
          },
          time: { type: 'boolean', default: true, describe: 'begin lines of text with the time' },
          summary: {
            choices: ['text', 'json', 'none'] as const,
            default: 'text' as const,
            describe: 'end with a summary on standard error, or as JSON on standard output',
          },
          top: {
            type: 'number',
            requiresArg: true,
            default: 10,
            describe: 'sources and ports that the summary names',
          },
          extract: {
            type: 'string',
            requiresArg: true,
            describe: 'write the packets of --source and the answers to a new capture',
          },
          act: { type: 'boolean', default: false, describe: 'carry out the configured actions' },
        })
        .check(({ top, extract, source }) => {
          if (!Number.isInteger(top) || top < 0) throw new Error('--top takes a whole number');
          if (extract !== undefined && source === undefined)
            throw new Error('--extract needs --source, which says whose packets');
          if (extract !== undefined && asGiven(extract) === '-')
            throw new Error('--extract takes the name of a new file, not standard output (-)');
          return true;
        }),
    ({ disableLocalCheck, ...values }) => {
      const files = values.files.map(asGiven);
      take({ command: 'replay', ...values, localCheck: !disableLocalCheck, files });
    },
  );
}
