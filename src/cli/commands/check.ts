import type { Argv } from 'yargs';
import type { Invocation } from '../invocation.ts';
import { CONFIGURATION, MODE, MODES_2X, modeWords } from './options.ts';

/** Without --mode, the modes are those that the service of this host starts. */
const SERVICE = 'what the service starts, else MODES, else atcp,audp';

/** Adds `check`. `take` receives the invocation. */
export function addCheck(parser: Argv, take: (invocation: Invocation) => void): Argv {
  return parser.command(
    'check',
    'print what the configuration means and what is wrong with it',
    (command) =>
      command.options({ ...CONFIGURATION, mode: { ...MODE, defaultDescription: SERVICE }, ...MODES_2X }),
    (values) => take({ command: 'check', configfile: values.configfile, mode: modeWords(values) }),
  );
}
