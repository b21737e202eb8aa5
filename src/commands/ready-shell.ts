import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { env } from 'node:process';
import { fullPath } from './full-path.ts';
import { runAsUsual } from './usual-priority.ts';

/** Takes its command from a line of stdin, and then has the stdin of every command. At its end without one it ends, too. */
const WAITING = 'IFS= read -r command && exec </dev/null && eval "$command"';

/** Characters of a command that goes through the pipe; a longer one is started as usual, and finds the kernel's bound. */
const MAX_COMMAND = 4_096;

/**
 * A shell that was started ahead and waits for its command. To start one takes a large process 5 to 12 ms, in which
 * a scanner at 200 probes a second learns of two ports more; one that waits takes 1.5 ms to the end of `true`
 * (bench/reaction.ts with KILL_ROUTE shows the difference).
 */
export class ReadyShell {
  #child: ChildProcess | null = null;
  #closed = false;

  /** Starts one, unless one waits already. When it cannot be started, commands are as slow as without it. */
  prepare(): void {
    if (this.#closed || this.#child !== null) return;
    try {
      const child = start(WAITING, 'pipe');
      this.#child = child;
      for (const event of ['error', 'exit']) child.once(event, () => this.#lose(child));
      // Its command's end is told by how it ends.
      child.stdin?.on('error', () => {});
      // It must not keep a process that has nothing else to do.
      child.unref();
      for (const pipe of pipesOf(child)) pipe.unref();
    } catch {
      this.#child = null;
    }
  }

  /** Runs the command in the one that waits; null when there is none, or none that can take it. */
  take(command: string): ChildProcess | null {
    const child = this.#child;
    if (child === null || command.length > MAX_COMMAND || command.includes('\n')) return null;
    this.#child = null;
    child.ref();
    for (const pipe of pipesOf(child)) pipe.ref();
    child.stdin?.end(`${command}\n`);
    return child;
  }

  /** Ends the one that waits, and starts no other. */
  close(): void {
    this.#closed = true;
    this.#child?.stdin?.end();
    this.#child = null;
  }

  #lose(child: ChildProcess): void {
    if (this.#child === child) this.#child = null;
  }
}

/** Starts `/bin/sh -c` with a command. Throws when there are no descriptors left; its error event tells of the rest. */
export function startShell(command: string): ChildProcess {
  return start(command, 'ignore');
}

function start(command: string, stdin: 'ignore' | 'pipe'): ChildProcess {
  // A process group of its own, so that an end by force reaches whatever the shell has started.
  const child = spawn('/bin/sh', ['-c', command], {
    detached: true,
    stdio: [stdin, 'pipe', 'pipe'],
    env: { ...env, PATH: fullPath(env.PATH) },
  });
  // Our own haste is not for what an administrator has written, such as a mail.
  if (child.pid !== undefined) runAsUsual(child.pid);
  return child;
}

/** Without a free descriptor there are none. */
function pipesOf(child: ChildProcess): Socket[] {
  return [child.stdin, child.stdout, child.stderr].filter((pipe) => pipe != null) as Socket[];
}
