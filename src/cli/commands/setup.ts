import type { Argv } from 'yargs';
import { INIT_CHOICES, type Invocation } from '../invocation.ts';

/** Adds `setup`. `take` receives the invocation. */
export function addSetup(parser: Argv, take: (invocation: Invocation) => void): Argv {
  return parser.command(
    'setup',
    'install what npm does not: configuration, service, manual pages, completion',
    (command) =>
      command
        .options({
          init: {
            type: 'string',
            array: true,
            nargs: 1,
            choices: INIT_CHOICES,
            defaultDescription: 'that of this host',
            describe: 'the init system that gets a service; may be repeated',
          },
          prefix: {
            type: 'string',
            requiresArg: true,
            default: '/usr/local',
            describe: 'where manual pages, completion and the unit go',
          },
          root: {
            type: 'string',
            requiresArg: true,
            default: '/',
            describe: 'the folder of another system',
          },
          staging: {
            type: 'boolean',
            default: false,
            describe: 'for makers of packages: ROOT becomes a package, so all files and no account',
          },
          program: {
            type: 'string',
            requiresArg: true,
            defaultDescription: 'this one',
            describe: 'the program that the service starts',
          },
          enable: { type: 'boolean', default: false, describe: 'start the service, now and at each boot' },
          remove: { type: 'boolean', default: false, describe: 'remove what setup installed' },
          purge: {
            type: 'boolean',
            default: false,
            describe: 'with --remove: changed configuration, state and logs too',
          },
          'dry-run': { type: 'boolean', default: false, describe: 'only print what would be done' },
        })
        .check(({ enable, remove, purge, root, staging }) => {
          if (purge && !remove) throw new Error('--purge goes with --remove');
          if (enable && (remove || root !== '/'))
            throw new Error('--enable goes neither with --remove nor with --root');
          if (staging && root === '/') throw new Error('--staging needs --root');
          return true;
        }),
    ({ init, prefix, root, staging, program, enable, remove, purge, dryRun }) =>
      take({ command: 'setup', init, prefix, root, staging, program, enable, remove, purge, dryRun }),
  );
}
