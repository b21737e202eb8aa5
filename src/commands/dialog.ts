import type { ChildProcess } from 'node:child_process';
import { ENDING } from './ending.ts';
import type { Failure } from './failure.ts';
import { onEnd, startTool, type Tool } from './tool.ts';

/** What a question may take (ms) once it is its turn; then the program hangs, and is replaced. */
const ANSWER_TIME = 5_000;
/** Ends in a row, without an answer in between, after which whatever waits has failed. */
const MAX_ENDS = 3;
/** The first new start is at once; from then on the pause begins here and doubles (ms). */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 5_000;
/** Questions that wait: each is a batch or, after a fault, a single command of one. */
const MAX_WAITING = 8_192;
/** Characters of one answer: nft repeats a faulty batch several times. More is no answer but a flood. */
const MAX_ANSWER = 4 * 1024 * 1024;
/** nft keeps every line for its history: after so many characters a fresh process goes on. */
const MAX_ASKED = 16 * 1024 * 1024;
/** What `close` gives the program to end by itself, and what it then waits for its end by force (ms). */
const END_TIME = 100;
const KILL_WAIT = 50;

/** An interactive program that complains of a faulty line at once, on stderr. */
export interface DialogProgram {
  readonly tool: Tool;
  readonly args: readonly string[];
  /** A faulty line without any effect, such that the complaint has the word in it. */
  provoke(word: string): string;
  /** Matches all of that complaint, up to the end of the line with the word in it. */
  complaintOn(word: string): RegExp;
  /** Matches what the program may say of a provoked complaint after that line. */
  readonly afterthought: RegExp;
}

/** What the program said on stderr (empty when it found no fault), or why there is no answer, in one line. */
export type Answer = { readonly said: string } | { readonly failure: string };

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
 * A conversation with a program that is kept open. Each question is followed by a line that provokes a known
 * complaint: when that arrives, the question has been dealt with. When the program dies or hangs, another one is
 * asked what was not answered, so questions must bear being asked twice.
 */
export class Dialog {
  readonly #program: DialogProgram;
  readonly #questions: Question[] = [];
  #child: ChildProcess | null = null;
  #said = '';
  /** The number of the first question's word; those of the others follow. */
  #number = 0;
  #askedLength = 0;
  #ends = 0;
  #failure = '';
  #deadline: NodeJS.Timeout | null = null;
  #pause: NodeJS.Timeout | null = null;
  #closed = false;
  readonly #opening: Opening | null;
  /** The opening that is asked and not answered yet. */
  #asksOpening: Question | null = null;

  constructor(program: DialogProgram, opening: Opening | null = null) {
    this.#program = program;
    this.#opening = opening;
  }

  /** The process, while there is one. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Asks one line or several; never rejects. Questions may be asked before earlier ones are answered. */
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

  /** Takes no more, and resolves when the program has ended, by itself or by force. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#pause !== null) clearTimeout(this.#pause);
    const child = this.#child;
    this.#child = null;
    this.#fail(ENDING);
    if (child === null) return;
    const gone = new Promise<void>((resolve) => onEnd(this.#program.tool, child, 'exit', () => resolve()));
    child.stdin?.end();
    if (await isDone(gone, END_TIME)) return;
    child.kill('SIGKILL');
    await isDone(gone, KILL_WAIT);
  }

  #start(): void {
    if (this.#pause !== null) return;
    const child = startTool(this.#program.tool, this.#program.args);
    if (typeof child === 'string') {
      this.#fail(child);
      return;
    }
    this.#child = child;
    this.#said = '';
    this.#askedLength = 0;
    onEnd(this.#program.tool, child, 'exit', (why) => this.#ended(child, why));
    child.stdout?.resume();
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      if (this.#child === child) this.#hear(text);
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
    const asked = `${text}\n${this.#program.provoke(wordOf(number))}\n`;
    this.#askedLength += asked.length;
    this.#child?.stdin?.write(asked);
    this.#deadline ??= setTimeout(
      () => this.#giveUp(`no answer within ${ANSWER_TIME / 1000} s`),
      ANSWER_TIME,
    );
  }

  #hear(text: string): void {
    this.#said += text;
    for (let word = wordOf(this.#number); this.#said.includes(word); word = wordOf(this.#number)) {
      const match = this.#program.complaintOn(word).exec(this.#said);
      if (match === null || this.#questions.length === 0) break;
      const said = this.#said.slice(0, match.index).replace(this.#program.afterthought, '');
      this.#said = this.#said.slice(match.index + match[0].length);
      this.#answer(said);
    }
    if (this.#said.length > MAX_ANSWER) this.#giveUp(`said more than ${MAX_ANSWER >>> 20} MiB`);
  }

  #answer(said: string): void {
    this.#ends = 0;
    this.#number++;
    this.#questions.shift()?.settle({ said });
    if (this.#questions.length > 0) {
      this.#deadline?.refresh();
      return;
    }
    this.#clearDeadline();
    if (this.#askedLength > MAX_ASKED) this.#renew();
  }

  /** Nothing waits for the old one any more. */
  #renew(): void {
    const old = this.#child;
    this.#child = null;
    old?.kill('SIGKILL');
    this.#start();
  }

  /** By force; `#ended` does the rest. */
  #giveUp(why: string): void {
    this.#failure = `${this.#program.tool.command}: ${why}`;
    this.#said = '';
    this.#child?.kill('SIGKILL');
  }

  #ended(child: ChildProcess, why: Failure): void {
    if (this.#child !== child) return;
    this.#child = null;
    this.#clearDeadline();
    const reason = this.#failure || why || `${this.#program.tool.command}: it ended`;
    this.#failure = '';
    this.#ends++;
    // What is not there does not come by trying again at once.
    if (child.pid === undefined || this.#ends >= MAX_ENDS) this.#fail(reason);
    if (this.#ends === 1 && child.pid !== undefined) this.#start();
    else this.#startAfter(Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (this.#ends - 2)));
  }

  /** Started only when there is something to ask. */
  #startAfter(pause: number): void {
    this.#pause = setTimeout(() => {
      this.#pause = null;
      if (this.#questions.length > 0 || this.#opening?.text() != null) this.#start();
    }, pause);
    this.#pause.unref();
  }

  #fail(failure: string): void {
    this.#clearDeadline();
    this.#number += this.#questions.length;
    for (const { settle } of this.#questions.splice(0)) settle({ failure });
  }

  #clearDeadline(): void {
    if (this.#deadline !== null) clearTimeout(this.#deadline);
    this.#deadline = null;
  }
}

/** No command of ours has it in it. */
function wordOf(number: number): string {
  return `ack${number}x`;
}

async function isDone(gone: Promise<void>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, ms, false);
  });
  const done = await Promise.race([gone.then(() => true), late]);
  clearTimeout(timer);
  return done;
}
