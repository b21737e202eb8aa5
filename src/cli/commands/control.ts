import type { Argv } from 'yargs';
import type { Invocation } from '../invocation.ts';
import { CONFIGURATION, JSON_OUTPUT } from './options.ts';

/** The commands that ask the running daemon something. */
export function addQuestions(parser: Argv, take: (invocation: Invocation) => void): Argv {
  return parser
    .command(
      'status',
      'tell how the running portsentry is doing',
      (command) => command.options({ ...CONFIGURATION, ...JSON_OUTPUT }),
      ({ configfile, json }) => take({ command: 'status', configfile, json }),
    )
    .command(
      'list',
      'list the blocks',
      (command) => command.options({ ...CONFIGURATION, ...JSON_OUTPUT }),
      ({ configfile, json }) => take({ command: 'list', configfile, json }),
    )
    .command(
      'why <address>',
      'tell all that is known of an address, and what will happen to it',
      (command) =>
        command
          .positional('address', { type: 'string', demandOption: true, describe: 'an IPv4 or IPv6 address' })
          .options({ ...CONFIGURATION, ...JSON_OUTPUT }),
      ({ configfile, json, address }) => take({ command: 'why', configfile, json, address }),
    )
    .command(
      'doctor',
      'look for what keeps portsentry from its work, with a trial probe',
      (command) => command.options({ ...CONFIGURATION, ...JSON_OUTPUT }),
      ({ configfile, json }) => take({ command: 'doctor', configfile, json }),
    );
}

/** The commands that tell the running daemon to do something. */
export function addOrders(parser: Argv, take: (invocation: Invocation) => void): Argv {
  return parser
    .command(
      'block <target>',
      'block an address or a prefix',
      (command) =>
        command.positional('target', { type: 'string', demandOption: true, describe: TARGET }).options({
          ...CONFIGURATION,
          for: {
            type: 'string',
            requiresArg: true,
            defaultDescription: 'BLOCK_TIME',
            describe: 'how long: 30s, 5m, 24h, 7d, or 0 for ever',
          },
          why: { type: 'string', requiresArg: true, describe: 'a note for those who come after' },
        }),
      ({ configfile, target, for: time, why }) => take({ command: 'block', configfile, target, time, why }),
    )
    .command(
      'unblock [target]',
      'take a block back, or all of them',
      (command) =>
        command
          .positional('target', { type: 'string', describe: TARGET })
          .options({
            ...CONFIGURATION,
            all: { type: 'boolean', default: false, describe: 'take all blocks back' },
          })
          .check(({ target, all }) => {
            if ((target === undefined) === all) return true;
            throw new Error('unblock takes an address, a prefix or --all');
          }),
      ({ configfile, target, all }) => take({ command: 'unblock', configfile, target, all }),
    );
}

const TARGET = 'an address or a prefix';
