import type { Argv } from 'yargs';
import type { Invocation } from '../invocation.ts';
import { CONFIGURATION, MODE } from './options.ts';

/** Replaces `-` while yargs parses, because yargs drops that word. No path contains a NUL. */
export const STANDARD_INPUT = '\0standard input';

/** Adds `replay FILE...`. `take` receives the invocation. */
export function addReplay(parser: Argv, take: (invocation: Invocation) => void): Argv {
  return parser.command(
    'replay <files..>',
    'run the detector over capture files (pcap, pcapng, gzip; - is standard input)',
    (command) =>
      command
        .positional('files', { type: 'string', array: true, demandOption: true, describe: 'capture files' })
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
          format: {
            choices: ['text', 'json', 'none'] as const,
            default: 'text' as const,
            describe: 'output format',
          },
          summary: {
            type: 'boolean',
            default: true,
            describe: 'print a summary on standard error at the end',
          },
          act: { type: 'boolean', default: false, describe: 'carry out the configured actions' },
        }),
    (values) => {
      const files = values.files.map((file) => (file === STANDARD_INPUT ? '-' : file));
      take({ command: 'replay', ...values, files });
    },
  );
}
