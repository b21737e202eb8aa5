import { getSystemErrorMap } from 'node:util';
import { Exit } from '../preflight/exit.ts';

/** Ends the process because standard output takes nothing more. A closed pipe (`portsentry list | head`) is no error. */
export function endForStandardOutput(error: NodeJS.ErrnoException): never {
  if (error.code === 'EPIPE') process.exit(Exit.ok);
  process.stderr.write(`portsentry: standard output: ${reasonOf(error)}\n`);
  process.exit(Exit.ioError);
}

/** The system's text; the message of a stream has only the code. */
function reasonOf({ errno, message }: NodeJS.ErrnoException): string {
  const [, reason] = (errno === undefined ? undefined : getSystemErrorMap().get(errno)) ?? [];
  return reason ?? message;
}
