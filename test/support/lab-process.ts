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

/** How long TERM may take before KILL follows, in ms. */
const PATIENCE = 3_000;

/** How long the pipes of an ended program may stay open (a descendant may hold them for ever), in ms. */
const PIPE_PATIENCE = 500;

/** A program inside a host of the lab. */
export class LabProcess {
  /** As the test sees it, good for /proc and signals; inside the host it has another one. */
  pid = 0;
  /** Settles when the program has ended; never rejects. */
  readonly ended: Promise<Outcome>;
  /** Null as long as it runs. */
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
    entry.stdin?.on('error', () => undefined); // it may end before it has read all
    for (const stream of ['stdout', 'stderr'] as const) {
      entry[stream]?.setEncoding('utf8').on('data', (text: string) => {
        this[stream] += text;
        this.output += text;
        this.#wake();
      });
    }
    this.ended = this.#end();
  }

  /** The program that `entry` (nsenter) forks, as soon as it is there or has already ended. */
  static async of(entry: ChildProcess, title: string): Promise<LabProcess> {
    // Its output has to be read from the start, for it may have ended before its number is known.
    const program = new LabProcess(entry, title);
    program.pid = await onlyChildOf(entry);
    return program;
  }

  /**
   * The first whole line of the output, from its very beginning, that matches. Rejects with all of the output
   * when the time is up or the program has ended without such a line.
   */
  async waitForLine(pattern: RegExp, ms = 10_000): Promise<string> {
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

  /** The whole lines so far; of the last one only when its end has arrived or the program has ended. */
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

  /** Sends a signal to the program, nothing when it has ended. */
  signal(signal: NodeJS.Signals): void {
    if (this.outcome || this.pid === 0) return;
    try {
      process.kill(this.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  /** TERM, after a while KILL; resolves when it has ended, at once if it had before. */
  async stop(patience = PATIENCE): Promise<Outcome> {
    this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), patience);
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
      this.#entry.once('exit', (code, signal) => setTimeout(finish, PIPE_PATIENCE, code, signal).unref());
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
 * The one child of `parent`, as soon as there is one: nsenter and unshare fork, and a signal for them does not
 * reach the program that they run. Resolves to 0 when the parent ended first.
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
