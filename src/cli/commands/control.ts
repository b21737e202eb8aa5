import type { Argv } from 'yargs';
import { type Invocation, LOG_PLACES } from '../invocation.ts';
import { DEFAULT_LINES, MAX_LINES } from '../logs/bounds.ts';
import { asGiven, CONFIGURATION, JSON_OUTPUT } from './options.ts';

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
      'list the blocks, or the members of a named list',
      (command) => command.options({ ...CONFIGURATION, list: LIST, ...JSON_OUTPUT }),
      ({ configfile, list, json }) => take({ command: 'list', configfile, list, json }),
    )
    .command(
      'lists',
      'show the named lists',
      (command) => command.options({ ...CONFIGURATION, ...JSON_OUTPUT }),
      ({ configfile, json }) => take({ command: 'lists', configfile, json }),
    )
    .command(
      'share',
      'show what is shared with other hosts, or try the engine',
      (command) =>
        command.options({
          ...CONFIGURATION,
          test: {
            type: 'boolean',
            default: false,
            describe: 'log in at the engine and ask it, without the daemon',
          },
          ...JSON_OUTPUT,
        }),
      ({ configfile, test, json }) => take({ command: 'share', configfile, test, json }),
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
      'metrics',
      'print the metrics in the text format of Prometheus',
      (command) => command.options(CONFIGURATION),
      ({ configfile }) => take({ command: 'metrics', configfile }),
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
      'block [targets..]',
      'block addresses and prefixes, or load a named list of them',
      (command) =>
        command
          .positional('targets', { type: 'string', array: true, default: [], describe: TARGETS })
          .options({
            ...CONFIGURATION,
            for: {
              type: 'string',
              requiresArg: true,
              defaultDescription: 'BLOCK_TIME',
              describe: 'how long: 90s, 5m, 1h30m, 2d, 1w, seconds, or 0 for ever',
            },
            why: { type: 'string', requiresArg: true, describe: 'a note that list and why show' },
            file: {
              type: 'string',
              requiresArg: true,
              describe: 'the file of a list, which replaces the one named by --list; - for standard input',
            },
            list: LIST,
            ...JSON_OUTPUT,
          })
          .check(({ targets, file, list, for: time }) => {
            if ((file === undefined) !== (list === undefined))
              throw new Error('--file and --list belong together');
            if (file !== undefined && time !== undefined)
              throw new Error('a list has no --for: unblock --list ends it');
            if ((file === undefined) === targets.length > 0) return true;
            throw new Error('block takes addresses and prefixes, or --file and --list');
          }),
      ({ configfile, targets, for: time, why, file, list, json }) =>
        take({
          command: 'block',
          configfile,
          targets: wordsOf(targets),
          time,
          why,
          file: file === undefined ? file : asGiven(file),
          list,
          json,
        }),
    )
    .command(
      'unblock [targets..]',
      'remove blocks, all of them, or a named list',
      (command) =>
        command
          .positional('targets', { type: 'string', array: true, default: [], describe: TARGETS })
          .options({
            ...CONFIGURATION,
            all: { type: 'boolean', default: false, describe: 'remove all blocks' },
            list: LIST,
            forget: {
              type: 'boolean',
              default: false,
              describe: 'only forget a block that you have taken back yourself',
            },
            ...JSON_OUTPUT,
          })
          .check(({ targets, all, list, forget }) => {
            if (forget && (all || list !== undefined))
              throw new Error('--forget takes addresses and prefixes, neither --all nor --list');
            const given = [targets.length > 0, all, list !== undefined].filter((is) => is);
            if (given.length === 1) return true;
            throw new Error('unblock takes addresses and prefixes, --all or --list');
          }),
      ({ configfile, targets, all, list, forget, json }) =>
        take({ command: 'unblock', configfile, targets: wordsOf(targets), all, list, forget, json }),
    );
}

function wordsOf(targets: readonly (string | number)[]): string[] {
  return targets.map((target) => asGiven(String(target)));
}

const TARGETS = 'addresses and prefixes; - reads them from standard input';

const LIST = { type: 'string', requiresArg: true, describe: 'the name of a list' } as const;
