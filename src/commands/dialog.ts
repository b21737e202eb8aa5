import type { ChildProcess } from 'node:child_process';
import { ENDING } from './ending.ts';
import type { Failure } from './failure.ts';
import { onEnd, startTool, type Tool } from './tool.ts';
import { resolvesWithin } from './within.ts';

/**
 * How often an answer is looked for, and after how many looks without one the program hangs, and is replaced. The looks
 * count, and not the time: a process that was held up has not looked, and the program may have been held up, too.
 */
const LOOK_INTERVAL_MS = 500;
const MAX_SILENT_LOOKS = 10;
/** When the program ends this often without an answer in between, all waiting questions fail. */
const MAX_ENDS = 3;
/** The first restart is immediate. The pause before the next one begins here, and doubles. */
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 5_000;
/** Waiting questions: each is a batch or, after an error, a single command of one. */
const MAX_WAITING = 8_192;
/** Characters of one answer. nft repeats a faulty batch several times. */
const MAX_ANSWER_LENGTH = 4 * 1024 * 1024;
/** nft keeps every line in its history. After this many characters a new process replaces it. */
const MAX_ASKED_LENGTH = 16 * 1024 * 1024;
/** How long `close` waits for the program to end by itself, and then after KILL. */
const CLOSE_GRACE_MS = 100;
const KILL_WAIT_MS = 50;

/** An interactive program that reports an invalid line at once, on stderr. */
export interface DialogProgram {
  readonly tool: Tool;
  readonly args: readonly string[];
  /** An invalid line without effect. The program's error message contains the word. */
  invalidLine(word: string): string;
  /** Matches the whole error message, up to the end of the line that contains the word. */
  errorWith(word: string): RegExp;
  /** Matches what the program may write after that line. */
  readonly errorTail: RegExp;
}

/** What the program wrote to stderr (empty on success), or in one line why there is no answer. */
export type Answer = { readonly stderr: string } | { readonly failure: string };

interface Question {
  readonly text: string;
  readonly settle: (answer: Answer) => void;
}

/** What a program is asked first, each time that it is started; without one it is started only to answer. */
export interface Opening {
  /** The first question of a new process; null when there is none yet. */
  text(): string | null;
  /** Called with the answer. */
  opened(answer: Answer): void;
}

/**
 * A conversation with a program that stays open. An invalid line follows each question; when its error message
 * arrives, the program has dealt with the question. When the program dies or hangs, a new process gets the unanswered
 * questions, so a question must be safe to ask twice.
 */
export class Dialog {
  readonly #program: DialogProgram;
  readonly #questions: Question[] = [];
  #child: ChildProcess | null = null;
  #stderr = '';
  /** The number in the first question's word; the others have the next numbers. */
  #number = 0;
  #askedLength = 0;
  #ends = 0;
  #failure = '';
  #looking: NodeJS.Timeout | null = null;
  #silentLooks = 0;
  #pause: NodeJS.Timeout | null = null;
  #closed = false;
  readonly #opening: Opening | null;
  /** The opening that is asked and not answered yet. */
  #asksOpening: Question | null = null;

  constructor(program: DialogProgram, opening: Opening | null = null) {
    this.#program = program;
    this.#opening = opening;
  }

  /** The process, while it runs. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Asks one or several lines. It need not wait for earlier answers. Never rejects. */
  ask(text: string): Promise<Answer> {
    if (this.#closed) return Promise.resolve({ failure: ENDING });
    if (this.#questions.length >= MAX_WAITING) {
      return Promise.resolve({
        failure: `${this.#program.tool.command}: ${MAX_WAITING} commands are waiting`,
      });
    }
    return new Promise((settle) => {
      this.#questions.push({ text, settle });
      if (this.#child === null) this.#start();
      else this.#put(text, this.#number + this.#questions.length - 1);
    });
  }

  /** Fails all questions from now on, and resolves when the program has ended or was killed. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#pause !== null) clearTimeout(this.#pause);
    const child = this.#child;
    this.#child = null;
    this.#fail(ENDING);
    if (child === null) return;
    const gone = new Promise<void>((resolve) => onEnd(this.#program.tool, child, 'exit', () => resolve()));
    child.stdin?.end();
    if (await resolvesWithin(gone, CLOSE_GRACE_MS)) return;
    child.kill('SIGKILL');
    await resolvesWithin(gone, KILL_WAIT_MS);
  }

  #start(): void {
    if (this.#pause !== null) return;
    const child = startTool(this.#program.tool, this.#program.args);
    if (typeof child === 'string') {
      this.#fail(child);
      return;
    }
    this.#child = child;
    this.#stderr = '';
    this.#askedLength = 0;
    onEnd(this.#program.tool, child, 'exit', (why) => this.#ended(child, why));
    child.stdout?.resume();
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      if (this.#child === child) this.#onStderr(text);
    });
    this.#putOpening();
    for (const [index, { text }] of this.#questions.entries()) this.#put(text, this.#number + index);
  }

  /** Before all that waits. */
  #putOpening(): void {
    if (this.#asksOpening !== null) this.#questions.splice(this.#questions.indexOf(this.#asksOpening), 1);
    this.#asksOpening = null;
    const text = this.#opening?.text() ?? null;
    if (text === null) return;
    const settle = (answer: Answer) => {
      this.#asksOpening = null;
      this.#opening?.opened(answer);
    };
    this.#asksOpening = { text, settle };
    this.#questions.unshift(this.#asksOpening);
  }

  #put(text: string, number: number): void {
    const asked = `${text}\n${this.#program.invalidLine(wordOf(number))}\n`;
    this.#askedLength += asked.length;
    this.#child?.stdin?.write(asked);
    this.#looking ??= setInterval(() => this.#look(), LOOK_INTERVAL_MS);
  }

  #onStderr(text: string): void {
    this.#stderr += text;
    for (let word = wordOf(this.#number); this.#stderr.includes(word); word = wordOf(this.#number)) {
      const match = this.#program.errorWith(word).exec(this.#stderr);
      if (match === null || this.#questions.length === 0) break;
      const answer = this.#stderr.slice(0, match.index).replace(this.#program.errorTail, '');
      this.#stderr = this.#stderr.slice(match.index + match[0].length);
      this.#answer(answer);
    }
    if (this.#stderr.length > MAX_ANSWER_LENGTH)
      this.#giveUp(`said more than ${MAX_ANSWER_LENGTH >>> 20} MiB`);
  }

  #answer(stderr: string): void {
    this.#ends = 0;
    this.#number++;
    this.#silentLooks = 0;
    this.#questions.shift()?.settle({ stderr });
    if (this.#questions.length > 0) return;
    this.#stopLooking();
    if (this.#askedLength > MAX_ASKED_LENGTH) this.#renew();
  }

  /** Replaces the process; no question waits for the old one. */
  #renew(): void {
    const old = this.#child;
    this.#child = null;
    old?.kill('SIGKILL');
    this.#start();
  }

  /** Kills the process; `#ended` does the rest. */
  #giveUp(why: string): void {
    this.#failure = `${this.#program.tool.command}: ${why}`;
    this.#stderr = '';
    this.#child?.kill('SIGKILL');
  }

  #ended(child: ChildProcess, why: Failure): void {
    if (this.#child !== child) return;
    this.#child = null;
    this.#stopLooking();
    const reason = this.#failure || why || `${this.#program.tool.command}: it ended`;
    this.#failure = '';
    this.#ends++;
    // A program that could not be started is not tried again at once.
    if (child.pid === undefined || this.#ends >= MAX_ENDS) this.#fail(reason);
    if (this.#ends === 1 && child.pid !== undefined) this.#start();
    else this.#startAfter(Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.#ends - 2)));
  }

  /** After the pause it starts only if a question waits. */
  #startAfter(pauseMs: number): void {
    this.#pause = setTimeout(() => {
      this.#pause = null;
      if (this.#questions.length > 0 || this.#opening?.text() != null) this.#start();
    }, pauseMs);
    this.#pause.unref();
  }

  #fail(failure: string): void {
    this.#stopLooking();
    this.#number += this.#questions.length;
    for (const { settle } of this.#questions.splice(0)) settle({ failure });
  }

  #look(): void {
    if (++this.#silentLooks === MAX_SILENT_LOOKS)
      this.#giveUp(`no answer within ${(MAX_SILENT_LOOKS * LOOK_INTERVAL_MS) / 1_000} s`);
  }

  #stopLooking(): void {
    if (this.#looking !== null) clearInterval(this.#looking);
    this.#looking = null;
    this.#silentLooks = 0;
  }
}

/** A word that none of our commands contains. */
function wordOf(number: number): string {
  return `ack${number}x`;
}
