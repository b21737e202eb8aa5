import { CommandError, Exit } from '../../preflight/exit.ts';
import type { LogsOptions } from '../invocation.ts';
import type { LogPlace } from './line.ts';

/** What is said of a place that is not there, when it is the only one that was asked for. */
const MISSING: Readonly<Record<NonNullable<LogsOptions['from']>, string>> = {
  journal: 'there is no journal',
  syslog: 'there is no file of syslog',
  events: 'EVENT_FILE is not set',
};

const ALL_MISSING = 'there is no journal, no file of syslog and no EVENT_FILE';

/** The error when no line was found: 77 when a place may not be read, else 66. `from` is the place that was asked for. */
export function nothingFound(
  from: LogsOptions['from'],
  places: readonly Pick<LogPlace, 'name'>[],
  troubles: readonly Error[],
): CommandError {
  const forbidden = troubles.find((error) => (error as NodeJS.ErrnoException).code === 'EACCES');
  if (forbidden !== undefined)
    return new CommandError(
      Exit.noPermission,
      `the log may not be read (${forbidden.message}): run it as root`,
    );
  const [trouble] = troubles;
  if (trouble !== undefined) return new CommandError(Exit.noInput, trouble.message);
  const missing = from === undefined ? ALL_MISSING : MISSING[from];
  const searched = places.length === 0 ? missing : `looked in ${places.map(({ name }) => name).join(', ')}`;
  return new CommandError(
    Exit.noInput,
    `no line of portsentry was found: ${searched}; with --logoutput stdout they go to whoever started it`,
  );
}
