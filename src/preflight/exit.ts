/** Exit codes of sysexits.h. */
export const Exit = {
  ok: 0,
  usage: 64,
  dataError: 65,
  noInput: 66,
  unavailable: 69,
  software: 70,
  ioError: 74,
  tryLater: 75,
  noPermission: 77,
  config: 78,
} as const;

/** One of these codes. */
export type Exit = (typeof Exit)[keyof typeof Exit];

/** What marks the errors of this class. */
const BRAND = Symbol.for('portsentry.CommandError');

/** Ends a command with an exit code. The message is one line for stderr: what is wrong, where, and what to do. */
export class CommandError extends Error {
  /** The bundle has this class in several files. */
  static override [Symbol.hasInstance](error: unknown): boolean {
    return error instanceof Error && BRAND in error;
  }

  readonly exit: Exit;
  readonly [BRAND] = true;

  constructor(exit: Exit, message: string) {
    super(message);
    this.exit = exit;
  }
}
