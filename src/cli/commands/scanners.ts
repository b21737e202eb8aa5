import type { Argv } from 'yargs';
import { SORT_KEYS } from '../../track/top-slots.ts';
import { type Invocation, SCANNER_SORTS } from '../invocation.ts';
import { CONFIGURATION, JSON_OUTPUT } from './options.ts';

/** Adds `scanners` and `top`. `take` receives the invocation. */
export function addScanners(parser: Argv, take: (invocation: Invocation) => void): Argv {
  return parser
    .command(
      'scanners',
      'list who scanned this host, and what was done about it',
      (command) =>
        command.options({
          ...CONFIGURATION,
          since: {
            type: 'string',
            requiresArg: true,
            defaultDescription: '1d',
            describe: 'only sources seen since then: a time, or how long ago, such as 1h',
          },
          sort: { choices: SCANNER_SORTS, default: 'last', requiresArg: true, describe: 'the order' },
          limit: { type: 'string', requiresArg: true, describe: 'how many sources at most' },
          ...JSON_OUTPUT,
        } as const),
      ({ configfile, since, sort, limit, json }) =>
        take({ command: 'scanners', configfile, since, sort, limit, json }),
    )
    .command(
      'top',
      'watch the sources as they scan',
      (command) =>
        command.options({
          ...CONFIGURATION,
          sort: { choices: SORT_KEYS, default: 'last', requiresArg: true, describe: 'the order' },
          json: { type: 'boolean', default: false, describe: 'print a line of JSON each second' },
        } as const),
      ({ configfile, sort, json }) => take({ command: 'top', configfile, sort, json }),
    );
}
