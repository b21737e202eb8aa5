import type { ChildProcess } from 'node:child_process';
import { ENDING } from './ending.ts';
import { onEnd, startTool, type Tool } from './tool.ts';
import { resolvesWithin } from './within.ts';

/** The time for one answer: a table of a million routes takes a second. A program that exceeds it is replaced. */
const ANSWER_TIMEOUT_MS = 5_000;
/** The most octets of one answer: room for 200,000 routes. */
const MAX_ANSWER_LENGTH = 16 * 1024 * 1024;
/** How long `close` waits for the program to end by itself. */
const CLOSE_GRACE_MS = 100;

/** A program that reads questions from its standard input and answers each at once. */
export interface QueryProgram {
  readonly tool: Tool;
  readonly args: readonly string[];
  /** The lines of the question. */
  readonly question: string;
  /** Matches the last line of the answer, its line feed included. */
  readonly end: RegExp;
}

/** The answer, or in one line why there is none. */
export type QueryAnswer = { readonly text: string } | { readonly failure: string };

/**
 * Asks a program the same question again and again without starting it each time: `ip -batch -` answers in 0.1 ms, where
 * a new process takes 4 ms. One that has ended is started again by the next question.
 */
export class Query {
  readonly #program: QueryProgram;
  #child: ChildProcess | null = null;
  /** The whole lines of the answer so far, how long they are, and the line that has no end yet. */
  #lines: string[] = [];
  #length = 0;
  #rest = '';
  #settle: ((answer: QueryAnswer) => void) | null = null;
  #deadline: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(program: QueryProgram) {
    this.#program = program;
  }

  /** Asks once more. The caller must await the answer before the next question. Never rejects. */
  ask(): Promise<QueryAnswer> {
    if (this.#closed) return Promise.resolve({ failure: ENDING });
    return new Promise((settle) => {
      this.#settle = settle;
      this.#lines = [];
      this.#length = 0;
      this.#rest = '';
      if (this.#child === null && !this.#start()) return;
      this.#deadline = setTimeout(
        () => this.#giveUp(`no answer within ${ANSWER_TIMEOUT_MS / 1000} s`),
        ANSWER_TIMEOUT_MS,
      );
      this.#child?.stdin?.write(this.#program.question);
    });
  }

  /** Ends the program. A question that waits fails. */
  async close(): Promise<void> {
    this.#closed = true;
    const child = this.#child;
    this.#child = null;
    this.#answer({ failure: ENDING });
    if (child === null) return;
    const gone = new Promise<void>((resolve) => onEnd(this.#program.tool, child, 'exit', () => resolve()));
    child.stdin?.end();
    if (!(await resolvesWithin(gone, CLOSE_GRACE_MS))) child.kill('SIGKILL');
  }

  #start(): boolean {
    const { tool, args } = this.#program;
    const child = startTool(tool, args);
    if (typeof child === 'string') {
      this.#answer({ failure: child });
      return false;
    }
    this.#child = child;
    onEnd(tool, child, 'exit', (why) => this.#ended(child, why ?? `${tool.command}: it ended`));
    child.stderr?.resume();
    child.stdout?.setEncoding('latin1').on('data', (text: string) => {
      if (this.#child === child) this.#onText(text);
    });
    return true;
  }

  #onText(text: string): void {
    if (this.#settle === null) return;
    const news = this.#rest + text;
    const end = this.#program.end.exec(news);
    if (end !== null) {
      this.#answer({ text: `${this.#lines.join('')}${news.slice(0, end.index)}` });
      return;
    }
    const whole = news.lastIndexOf('\n') + 1;
    this.#lines.push(news.slice(0, whole));
    this.#rest = news.slice(whole);
    this.#length += text.length;
    if (this.#length > MAX_ANSWER_LENGTH) this.#giveUp(`said more than ${MAX_ANSWER_LENGTH >>> 20} MiB`);
  }

  #giveUp(why: string): void {
    const child = this.#child;
    this.#child = null;
    child?.kill('SIGKILL');
    this.#answer({ failure: `${this.#program.tool.command}: ${why}` });
  }

  #ended(child: ChildProcess, failure: string): void {
    if (this.#child !== child) return;
    this.#child = null;
    this.#answer({ failure });
  }

  #answer(answer: QueryAnswer): void {
    if (this.#deadline !== null) clearTimeout(this.#deadline);
    this.#deadline = null;
    const settle = this.#settle;
    this.#settle = null;
    settle?.(answer);
  }
}
