import type { Argv } from 'yargs';
import { SHELLS } from '../completion.ts';
import type { Invocation } from '../invocation.ts';

/** `completion [bash|zsh]` */
export function addCompletion(parser: Argv, take: (invocation: Invocation) => void): Argv {
  return parser.command(
    'completion [shell]',
    'print the script by which a shell completes commands and options',
    (command) =>
      command.positional('shell', {
        choices: SHELLS,
        defaultDescription: 'the shell that runs',
        describe: 'which shell',
      }),
    ({ shell }) => take({ command: 'completion', shell }),
  );
}
