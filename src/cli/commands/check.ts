import type { Argv } from 'yargs';
import type { Invocation } from '../invocation.ts';
import { CONFIGURATION } from './options.ts';

/** Adds `check`. `take` receives the invocation. */
export function addCheck(parser: Argv, take: (invocation: Invocation) => void): Argv {
  return parser.command(
    'check',
    'print what the configuration means and what is wrong with it',
    (command) => command.options(CONFIGURATION),
    ({ configfile }) => take({ command: 'check', configfile }),
  );
}
