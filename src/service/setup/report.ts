import { CommandError, Exit } from '../../preflight/exit.ts';

/** What was done with a file, a folder or an account. */
export type Deed = 'installed' | 'updated' | 'unchanged' | 'kept' | 'removed' | 'skipped' | 'ran';

/** Prints one line for each step as soon as it is done, so that a failure leaves the list of what was done. */
export class Report {
  readonly dryRun: boolean;
  readonly #print: (line: string) => void;

  constructor(print: (line: string) => void, dryRun: boolean) {
    this.#print = print;
    this.dryRun = dryRun;
  }

  /** Does the step, unless this is a dry run, and prints it. Throws a CommandError (74, or 77 without the permission). */
  step(deed: Deed, what: string, act: () => void): void {
    if (!this.dryRun) attempt(what, act);
    this.note(deed, what);
  }

  /** Prints what needs nothing done, with the reason. */
  note(deed: Deed, what: string, why?: string): void {
    this.#print(`${deed.padEnd(DEED_WIDTH)} ${what}${why === undefined ? '' : `: ${why}`}\n`);
  }

  /** Prints a line for people. */
  say(line: string): void {
    this.#print(`${line}\n`);
  }
}

/** The length of the longest deed. */
const DEED_WIDTH = 9;

const NOT_PERMITTED = ['EACCES', 'EPERM'];

/** Calls `act`; a system error becomes a CommandError that names `what`. */
export function attempt<T>(what: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof CommandError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const exit = code !== undefined && NOT_PERMITTED.includes(code) ? Exit.noPermission : Exit.ioError;
    const reason = code === undefined ? message : (message.split(',')[0] as string);
    throw new CommandError(exit, `${what}: ${reason}; what is listed above is done, the rest is not`);
  }
}
