import type { Argv } from 'yargs';
import type { Invocation } from '../invocation.ts';
import { SHELLS } from '../shells.ts';

/** Adds `completion [bash|zsh|fish]`. `take` receives the invocation. */
export function addCompletion(parser: Argv, take: (invocation: Invocation) => void): Argv {
  return parser.command(
    'completion [shell]',
    'print the completion script for a shell',
    (command) =>
      command.positional('shell', {
        choices: SHELLS,
        defaultDescription: 'your login shell',
        describe: 'which shell',
      }),
    ({ shell }) => take({ command: 'completion', shell }),
  );
}
