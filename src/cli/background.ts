import { spawn } from 'node:child_process';
import { Exit } from '../preflight/exit.ts';

/** What the program in the background tells the one that started it, once: null, or why it could not start. */
interface Report {
  readonly failure: string | null;
}

/**
 * Starts `program` (a script) again, detached: in a session of its own and with no terminal; through the command
 * `through`, if any. Resolves when it is
 * ready (to 0) or has failed: to its exit code, and its error line is on our stderr.
 */
export async function runInBackground(
  program: string,
  argv: readonly string[],
  through: readonly string[] = [],
): Promise<number> {
  const [command, ...args] = [...through, process.execPath, program, ...argv];
  const child = spawn(command as string, args, {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  return new Promise((resolve) => {
    let told = false;
    child.once('message', ({ failure }: Report) => {
      told = true;
      if (failure !== null) {
        process.stderr.write(`portsentry: ${failure}\n`);
        return;
      }
      child.disconnect();
      child.unref();
      resolve(Exit.ok);
    });
    child.once('exit', (code, signal) => {
      if (!told)
        process.stderr.write(`portsentry: ended before it was ready (${signal ?? `code ${code}`})\n`);
      resolve(code ?? Exit.software);
    });
    child.once('error', (error) => {
      process.stderr.write(`portsentry: could not be started in the background: ${error.message}\n`);
      resolve(Exit.unavailable);
    });
  });
}

/** Whether this is the program that `runInBackground` started: nobody else gives it a channel. */
export function isInBackground(): boolean {
  return process.send !== undefined;
}

/** Tells who started this program in the background how the start went; nothing when nobody waits. */
export function reportStart(failure: string | null): void {
  if (process.send === undefined || !process.connected) return;
  // Who waited may have been interrupted; then there is nobody to tell.
  process.send({ failure } satisfies Report, undefined, undefined, () => {
    if (process.connected) process.disconnect();
  });
}
