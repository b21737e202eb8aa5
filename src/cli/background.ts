import { spawn } from 'node:child_process';
import { Exit } from '../preflight/exit.ts';

/** The one message that the background process sends to its parent. `failure` is null when it is ready. */
interface Report {
  readonly failure: string | null;
}

/**
 * Starts the script `program` again in a new session without a terminal, with the command `through` in front of it.
 * Resolves to 0 when the new process is ready. If it fails, prints its error line and resolves to its exit code.
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
    let reported = false;
    child.once('message', ({ failure }: Report) => {
      reported = true;
      if (failure !== null) {
        process.stderr.write(`portsentry: ${failure}\n`);
        return;
      }
      child.disconnect();
      child.unref();
      resolve(Exit.ok);
    });
    child.once('exit', (code, signal) => {
      if (!reported)
        process.stderr.write(`portsentry: ended before it was ready (${signal ?? `code ${code}`})\n`);
      resolve(code ?? Exit.software);
    });
    child.once('error', (error) => {
      process.stderr.write(`portsentry: cannot start in the background: ${error.message}\n`);
      resolve(Exit.unavailable);
    });
  });
}

/**
 * Reports the outcome of the start to the waiting parent, if there is one. Only a process that `runInBackground` started
 * has a channel to its parent.
 */
export function reportStart(failure: string | null): void {
  if (process.send === undefined || !process.connected) return;
  // The parent may have been interrupted meanwhile; then the error does not matter.
  process.send({ failure } satisfies Report, undefined, undefined, () => {
    if (process.connected) process.disconnect();
  });
}
