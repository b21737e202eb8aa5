import type { Exit } from '../preflight/exit.ts';
import { compileLater } from './compile-later.ts';
import type { Invocation } from './invocation.ts';
import { plainReplay } from './plain-replay.ts';
import { runReplay } from './replay.ts';

/** Runs `replay` if the command line is a plain one; null when the option parser must read it. */
export async function startPlainReplay(argv: readonly string[]): Promise<Exit | null> {
  const invocation = plainReplay(argv);
  return invocation === null ? null : startReplay(invocation);
}

/** Runs `replay`. Returns the exit code. */
export function startReplay(invocation: Extract<Invocation, { command: 'replay' }>): Promise<Exit> {
  compileLater();
  return runReplay(invocation);
}
