import type { Argv } from 'yargs';
import { type Invocation, LOG_PLACES } from '../invocation.ts';
import { DEFAULT_LINES, MAX_LINES } from '../logs/bounds.ts';
import { CONFIGURATION, JSON_OUTPUT } from './options.ts';

/** Adds the commands that query the running daemon. `take` receives the invocation. */
export function addQueries(parser: Argv, take: (invocation: Invocation) => void): Argv {
  return parser
    .command(
      'status',
      'show the state of the running portsentry',
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
      'show everything known about an address and what will happen to it',
      (command) =>
        command
          .positional('address', { type: 'string', demandOption: true, describe: 'an IPv4 or IPv6 address' })
          .options({ ...CONFIGURATION, ...JSON_OUTPUT }),
      ({ configfile, json, address }) => take({ command: 'why', configfile, json, address }),
    )
    .command(
      'doctor',
      'check that portsentry works, and send it a test probe',
      (command) => command.options({ ...CONFIGURATION, ...JSON_OUTPUT }),
      ({ configfile, json }) => take({ command: 'doctor', configfile, json }),
    )
    .command(
      'notify',
      'send a test message to whoever is notified',
      (command) =>
        command
          .options({
            ...CONFIGURATION,
            test: { type: 'boolean', default: false, describe: 'send the message' },
            ...JSON_OUTPUT,
          })
          .check(({ test }) => {
            if (test) return true;
            throw new Error('notify takes --test: what else is sent, NOTIFY_COMMAND and NOTIFY_URL say');
          }),
      ({ configfile, json }) => take({ command: 'notify', configfile, json }),
    )
    .command(
      'logs',
      'print the log lines of portsentry, wherever they went',
      (command) =>
        command
          .options({
            ...CONFIGURATION,
            follow: { alias: 'f', type: 'boolean', default: false, describe: 'go on with new lines' },
            lines: {
              alias: 'n',
              type: 'number',
              requiresArg: true,
              defaultDescription: `${DEFAULT_LINES}; with --since ${MAX_LINES}`,
              describe: 'how many lines, the last ones',
            },
            since: {
              type: 'string',
              requiresArg: true,
              describe: 'lines from this time on: 2026-11-22, "2026-11-22 13:33", or 1h (an hour ago)',
            },
            from: { choices: LOG_PLACES, requiresArg: true, describe: 'where to read them' },
          })
          .check(({ lines }) => {
            if (lines === undefined || (Number.isInteger(lines) && lines >= 0 && lines <= MAX_LINES))
              return true;
            throw new Error(`--lines takes a whole number from 0 to ${MAX_LINES}`);
          }),
      ({ configfile, follow, lines, since, from }) =>
        take({ command: 'logs', configfile, follow, lines, since, from }),
    );
}

/** Adds the commands that change the blocks of the running daemon. `take` receives the invocation. */
export function addBlockCommands(parser: Argv, take: (invocation: Invocation) => void): Argv {
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
            describe: 'how long: 90s, 5m, 1h30m, 2d, 1w, seconds, or 0 for ever',
          },
          why: { type: 'string', requiresArg: true, describe: 'a note that list and why show' },
          ...JSON_OUTPUT,
        }),
      ({ configfile, target, for: time, why, json }) =>
        take({ command: 'block', configfile, target, time, why, json }),
    )
    .command(
      'unblock [target]',
      'remove a block, or all of them',
      (command) =>
        command
          .positional('target', { type: 'string', describe: TARGET })
          .options({
            ...CONFIGURATION,
            all: { type: 'boolean', default: false, describe: 'remove all blocks' },
            forget: {
              type: 'boolean',
              default: false,
              describe: 'only forget a block that you have taken back yourself',
            },
            ...JSON_OUTPUT,
          })
          .check(({ target, all, forget }) => {
            if (forget && all) throw new Error('--forget takes an address or a prefix, not --all');
            if ((target === undefined) === all) return true;
            throw new Error('unblock takes an address, a prefix or --all');
          }),
      ({ configfile, target, all, forget, json }) =>
        take({ command: 'unblock', configfile, target, all, forget, json }),
    );
}

const TARGET = 'an address or a prefix';
