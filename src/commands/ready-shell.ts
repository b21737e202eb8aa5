import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { env } from 'node:process';
import { fullPath } from './full-path.ts';
import { runAsUsual } from './usual-priority.ts';

/** Reads its command from stdin, and runs it with an empty stdin. It ends if stdin ends without a command. */
const WAITING = 'IFS= read -r command && exec </dev/null && eval "$command"';

/** Characters of a command that goes through the pipe. A longer one starts a shell, where the kernel's limit applies. */
const MAX_COMMAND_LENGTH = 4_096;

/**
 * A shell that was started ahead and waits for its command. A large process needs 5 to 12 ms to start a shell, in which
 * a scanner at 200 probes a second learns of two more ports. A waiting shell needs 1.5 ms to run `true`
 * (bench/reaction.ts with KILL_ROUTE measures the difference).
 */
export class ReadyShell {
  #child: ChildProcess | null = null;
  #closed = false;

  /** Starts a shell unless one waits already. If that fails, commands are as slow as without it. */
  prepare(): void {
    if (this.#closed || this.#child !== null) return;
    try {
      const child = start(WAITING, 'pipe');
      this.#child = child;
      for (const event of ['error', 'exit']) child.once(event, () => this.#lose(child));
      // The exit event reports how it ended.
      child.stdin?.on('error', () => {});
      // A waiting shell must not keep our process alive.
      child.unref();
      for (const pipe of pipesOf(child)) pipe.unref();
    } catch {
      this.#child = null;
    }
  }

  /** Runs the command in the waiting shell; null when none waits or the command cannot go through the pipe. */
  take(command: string): ChildProcess | null {
    const child = this.#child;
    if (child === null || command.length > MAX_COMMAND_LENGTH || command.includes('\n')) return null;
    this.#child = null;
    child.ref();
    for (const pipe of pipesOf(child)) pipe.ref();
    child.stdin?.end(`${command}\n`);
    return child;
  }

  /** Ends the waiting shell and starts no other. */
  close(): void {
    this.#closed = true;
    this.#child?.stdin?.end();
    this.#child = null;
  }

  #lose(child: ChildProcess): void {
    if (this.#child === child) this.#child = null;
  }
}

/** Starts `/bin/sh -c` with a command. Throws without a free descriptor; the error event reports other failures. */
export function startShell(command: string): ChildProcess {
  return start(command, 'ignore');
}

function start(command: string, stdin: 'ignore' | 'pipe'): ChildProcess {
  // Its own process group, so that a signal reaches all that the shell has started.
  const child = spawn('/bin/sh', ['-c', command], {
    detached: true,
    stdio: [stdin, 'pipe', 'pipe'],
    env: { ...env, PATH: fullPath(env.PATH) },
  });
  // An administrator's command, such as a mail, does not need our raised priority.
  if (child.pid !== undefined) runAsUsual(child.pid);
  return child;
}

/** The pipes of a child, which it lacks without a free descriptor. */
function pipesOf(child: ChildProcess): Socket[] {
  return [child.stdin, child.stdout, child.stderr].filter((pipe) => pipe != null) as Socket[];
}
