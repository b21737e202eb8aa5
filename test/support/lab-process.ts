import type { ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** How a program ended. `code` is null when a signal ended it. */
export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The limit of every wait in a lab. What has not come by then is not coming, on a busy machine either. */
export const WAIT_LIMIT_MS = 60_000;

/** How long the pipes of an ended program may stay open. A descendant may hold them for ever. */
const PIPE_WAIT_MS = 500;

/** A program inside a host of the lab. */
export class LabProcess {
  /** As the test sees it, for /proc and signals. Inside the host the program has another one. */
  pid = 0;
  /** Settles when the program has ended; never rejects. */
  readonly ended: Promise<Outcome>;
  /** Null while the program runs. */
  outcome: Outcome | null = null;
  stdout = '';
  stderr = '';
  /** Both streams in the order of their arrival. */
  output = '';
  readonly #entry: ChildProcess;
  readonly #title: string;
  readonly #waiting = new Set<() => void>();

  private constructor(entry: ChildProcess, title: string) {
    this.#entry = entry;
    this.#title = title;
    entry.stdin?.on('error', () => undefined); // the program may end before it has read all of its input
    for (const stream of ['stdout', 'stderr'] as const) {
      entry[stream]?.setEncoding('utf8').on('data', (text: string) => {
        this[stream] += text;
        this.output += text;
        this.#wake();
      });
    }
    this.ended = this.#end();
  }

  /** The program that `entry` (nsenter) forks. Resolves when it is there or has already ended. */
  static async of(entry: ChildProcess, title: string): Promise<LabProcess> {
    // Read the output from the start: the program may end before its number is known.
    const program = new LabProcess(entry, title);
    program.pid = await onlyChildOf(entry);
    return program;
  }

  /**
   * The first whole line of all the output that matches. Rejects with the output when the time is up, or when the program
   * has ended without such a line.
   */
  async waitForLine(pattern: RegExp, ms = WAIT_LIMIT_MS): Promise<string> {
    const deadline = Date.now() + ms;
    for (;;) {
      const line = this.lines().find((candidate) => pattern.test(candidate));
      if (line !== undefined) return line;
      if (this.outcome) throw new Error(this.#story(`ended (${reasonOf(this.outcome)}) without ${pattern}`));
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(this.#story(`no line ${pattern} in ${ms} ms`));
      await this.#news(left);
    }
  }

  /** The whole lines so far. An unfinished last line counts when the program has ended. */
  lines(): string[] {
    const lines = this.output.split('\n');
    const rest = lines.pop();
    if (this.outcome && rest) lines.push(rest);
    return lines;
  }

  /** Writes to its standard input. */
  write(text: string): void {
    this.#entry.stdin?.write(text);
  }

  /** Ends its standard input, after a last text. */
  endInput(text = ''): void {
    this.#entry.stdin?.end(text);
  }

  /** Sends a signal to the program, unless it has ended. */
  signal(signal: NodeJS.Signals): void {
    if (this.outcome || this.pid === 0) return;
    try {
      process.kill(this.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  /** Sends TERM, and KILL after `ms`. Resolves when the program has ended. */
  async stop(ms = WAIT_LIMIT_MS): Promise<Outcome> {
    this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), ms);
    const outcome = await this.ended;
    clearTimeout(timer);
    return outcome;
  }

  #end(): Promise<Outcome> {
    return new Promise((resolve) => {
      const finish = (code: number | null, signal: NodeJS.Signals | null): void => {
        if (this.outcome) return;
        this.outcome = { code, signal, stdout: this.stdout, stderr: this.stderr };
        this.#wake();
        resolve(this.outcome);
      };
      this.#entry.once('close', finish);
      this.#entry.once('exit', (code, signal) => {
        // What is in the pipes already is read before the immediate runs, however late the timer is.
        setTimeout(() => setImmediate(finish, code, signal), PIPE_WAIT_MS).unref();
      });
    });
  }

  /** Resolves at the next output, at the end, or when the time is up. */
  async #news(ms: number): Promise<void> {
    const stop = new AbortController();
    const news = new Promise<void>((resolve) => {
      this.#waiting.add(resolve);
    });
    await Promise.race([news, delay(ms, undefined, { signal: stop.signal }).catch(() => undefined)]);
    stop.abort();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  #story(what: string): string {
    return `${this.#title}: ${what}; its output:\n${this.output}`;
  }
}

/**
 * The process number of the one child of `parent`, as soon as there is one, or 0 when the parent ended first. nsenter and
 * unshare fork, and a signal to them does not reach the program that they run.
 */
export async function onlyChildOf(parent: ChildProcess): Promise<number> {
  const children = `/proc/${parent.pid}/task/${parent.pid}/children`;
  while (parent.exitCode === null && parent.signalCode === null) {
    const text = await readFile(children, 'utf8').catch(() => '');
    if (text !== '') return Number.parseInt(text, 10);
    await delay(2);
  }
  return 0;
}

function reasonOf(outcome: Outcome): string {
  return outcome.signal ?? `code ${outcome.code}`;
}
