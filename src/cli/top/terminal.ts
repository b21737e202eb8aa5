import { emitKeypressEvents } from 'node:readline';
import { styleText } from 'node:util';
import type { Paint } from './frame.ts';
import type { Key } from './keys.ts';
import type { Size } from './state.ts';

const ENTER = '\x1b[?1049h\x1b[?25l\x1b[2J';
/** The last line first: a terminal without a second screen keeps the picture, and the prompt comes below it. */
const LEAVE = '\x1b[999;1H\x1b[K\x1b[?25h\x1b[?1049l';

/** The terminal shows nothing between these two (synchronized output). */
const BEGIN_FRAME = '\x1b[?2026h\x1b[H';
const END_FRAME = '\x1b[?2026l';

/** Signals that end the program; the screen is restored before. */
const ENDING_SIGNALS = ['SIGTERM', 'SIGHUP', 'SIGINT'] as const;

/** Time for a stop signal to arrive: a process without a shell that could continue it is not stopped at all. */
const STOP_WAIT_MS = 50;

const USUAL_SIZE: Size = { columns: 80, rows: 24 };

/** What a terminal tells. */
export interface TerminalTaker {
  key(key: Key): void;
  resized(size: Size): void;
  /** The screen was given back to the shell, and is ours again. */
  suspended(): void;
  resumed(): void;
  /** There is no terminal any more. */
  gone(): void;
}

/** Whether there is a terminal that a moving picture can be drawn on. */
export function canDraw(): boolean {
  const { TERM } = process.env;
  return process.stdout.isTTY && process.stdin.isTTY && TERM !== undefined && TERM !== '' && TERM !== 'dumb';
}

/** Colours, unless NO_COLOR is set to anything. */
export function painter(): Paint {
  if (process.env.NO_COLOR) return (_style, text) => text;
  return (style, text) => styleText(style, text, { validateStream: false });
}

/** The size of the terminal. A serial line may not know its own. */
export function terminalSize(): Size {
  const { columns, rows } = process.stdout;
  return { columns: columns || USUAL_SIZE.columns, rows: rows || USUAL_SIZE.rows };
}

/** The whole screen of the terminal, which is as it was before as soon as the program ends, however it ends. */
export class Terminal {
  readonly #taker: TerminalTaker;
  #isOurs = false;
  #isStopping = false;

  constructor(taker: TerminalTaker) {
    this.#taker = taker;
  }

  /** Takes the screen and the keys. */
  open(): void {
    emitKeypressEvents(process.stdin);
    process.stdin.on('keypress', this.#onKey);
    for (const event of ['end', 'error', 'close']) process.stdin.on(event, this.#onGone);
    process.stdout.on('error', this.#onGone);
    process.stdout.on('resize', this.#onResize);
    for (const signal of ENDING_SIGNALS) process.on(signal, this.#onEnd);
    process.on('SIGTSTP', this.#onStop);
    process.on('SIGCONT', this.#onContinue);
    // An exception is printed after this, on the screen as it was before.
    process.on('uncaughtExceptionMonitor', this.#leave);
    process.on('exit', this.#leave);
    this.#enter();
  }

  /** Gives everything back. May be called again. */
  close(): void {
    this.#leave();
    process.stdin.off('keypress', this.#onKey);
    for (const event of ['end', 'error', 'close']) process.stdin.off(event, this.#onGone);
    process.stdin.pause();
    process.stdout.off('resize', this.#onResize);
    for (const signal of ENDING_SIGNALS) process.off(signal, this.#onEnd);
    process.off('SIGTSTP', this.#onStop);
    process.off('SIGCONT', this.#onContinue);
    process.off('uncaughtExceptionMonitor', this.#leave);
    process.off('exit', this.#leave);
  }

  /** Draws a picture: lines that are as wide as the terminal, as many as it has rows. */
  draw(lines: readonly string[]): void {
    if (this.#isOurs) this.#write(BEGIN_FRAME + lines.join('\r\n') + END_FRAME);
  }

  /** Gives the screen back and stops the whole job, as Ctrl-Z does elsewhere. */
  suspend(): void {
    if (!this.#isOurs) return;
    this.#leave();
    this.#taker.suspended();
    this.#isStopping = true;
    process.off('SIGTSTP', this.#onStop);
    process.kill(0, 'SIGTSTP');
    // Nothing stops a process that no shell could continue: then it goes on at once.
    setTimeout(this.#endStop, STOP_WAIT_MS);
  }

  #enter(): void {
    this.#isOurs = true;
    process.stdin.setRawMode(true);
    process.stdin.resume();
    this.#write(ENTER);
  }

  readonly #leave = (): void => {
    if (!this.#isOurs) return;
    this.#isOurs = false;
    this.#write(LEAVE);
    try {
      process.stdin.setRawMode(false);
    } catch {
      // The terminal is gone.
    }
  };

  readonly #endStop = (): void => {
    if (!this.#isStopping) return;
    this.#isStopping = false;
    process.on('SIGTSTP', this.#onStop);
    this.#enter();
    this.#taker.resumed();
    this.#onResize();
  };

  readonly #onContinue = (): void => {
    if (this.#isStopping) {
      this.#endStop();
      return;
    }
    if (!this.#isOurs) return;
    // Stopped by a signal that nobody can catch: meanwhile the shell has had the terminal, and set its own modes.
    process.stdin.setRawMode(false);
    this.#enter();
    this.#onResize();
  };

  readonly #onStop = (): void => this.suspend();

  readonly #onEnd = (signal: NodeJS.Signals): void => {
    this.close();
    process.kill(process.pid, signal);
  };

  readonly #onKey = (_text: string | undefined, key: Key): void => this.#taker.key(key);

  readonly #onResize = (): void => this.#taker.resized(terminalSize());

  readonly #onGone = (): void => this.#taker.gone();

  #write(text: string): void {
    process.stdout.write(text);
  }
}
