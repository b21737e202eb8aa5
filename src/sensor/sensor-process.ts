import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { type ChildPlan, HANDOVER_FD } from './child-plan.ts';
import { killChild } from './kill-child.ts';
import { RECORD_LENGTH, RecordType, readCount, recordType } from './record-format.ts';
import { shedding } from './shed.ts';

/** A child that does not end by itself after this (ms) is killed. */
const END_TIME = 300;

/** What is kept of a child's complaint, in characters. */
const MAX_COMPLAINT = 512;

/** Octets taken over at a time, at most: what one read of the pipe gives, and the rest of a record. */
const ROOM = 65_536 + RECORD_LENGTH;

/** Octets of a chunk that is a flood's: 256 records, some ms of work. */
const LARGE = 256 * RECORD_LENGTH;

export interface ChildHandlers {
  /** `length` octets of whole records from the start of `view`; resolves when more may come. */
  records(view: DataView, length: number): Promise<void>;
  ready(): void;
  /** It has ended: with its exit code (null when a signal ended it) and why, in one line. */
  ended(code: number | null, reason: string): void;
}

/** One running capture process, from its start to its end. */
export class SupervisedChild {
  /** How many frames ended for each reason, by the child's own word. */
  readonly counts = new Map<number, number>();
  readonly startedAt: number;
  readonly #process: ChildProcess;
  readonly #handlers: ChildHandlers;
  readonly #room = new Uint8Array(ROOM);
  readonly #view = new DataView(this.#room.buffer);
  #carried = 0;
  #complaint = '';
  #ending = false;

  constructor(plan: ChildPlan, now: number, handlers: ChildHandlers) {
    this.startedAt = now;
    this.#handlers = handlers;
    const program = fileURLToPath(new URL('./child.js', import.meta.url));
    const [command, ...args] = [...shedding(), process.execPath, program];
    this.#process = spawn(command as string, args, { stdio: ['pipe', 'ignore', 'pipe', 'pipe'] });
    this.#process.on('error', (error) => handlers.ended(null, error.message));
    this.#process.on('exit', (code, signal) => handlers.ended(code, this.#reason(code, signal)));
    // Without a free descriptor there are no pipes; the error event tells of it.
    if (this.#process.stdio === undefined) return;
    this.#process.stderr?.on('data', (text) => {
      this.#complaint = (this.#complaint + text).slice(0, MAX_COMPLAINT);
    });
    this.#tell(plan);
    this.#read(this.#process.stdio[HANDOVER_FD] as Readable);
  }

  /** Undefined when it was never started. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Asks it to end, and kills it when it does not; `ended` is called all the same. */
  end(): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#process.stdin?.end();
    const { pid } = this;
    if (pid === undefined) return;
    const timer = setTimeout(() => killChild(pid), END_TIME);
    this.#process.once('exit', () => clearTimeout(timer));
  }

  #tell(plan: ChildPlan): void {
    const input = this.#process.stdin as Writable;
    // A child that died before it read its plan is told of by its exit.
    input.on('error', () => {});
    input.write(`${JSON.stringify(plan)}\n`);
  }

  /**
   * A chunk at a time: while one is dealt with, the pipe fills, and holds up the child. After one of a flood the next
   * waits for the next turn of the event loop: libuv would read 32 of them before it looks at a timer again.
   */
  #read(pipe: Readable): void {
    // A pipe that broke: its process is ending, and says so itself.
    pipe.on('error', () => {});
    const resume = () => pipe.resume();
    pipe.on('data', (chunk: Uint8Array) => {
      pipe.pause();
      // A mistake of our own is not caught: a daemon that goes on without reading would be blind.
      void this.#take(chunk).then(() => (chunk.length < LARGE ? resume() : setImmediate(resume)));
    });
  }

  /** Hands on whole records, and keeps the octets of an incomplete one for the next time. */
  async #take(chunk: Uint8Array): Promise<void> {
    for (let taken = 0; taken < chunk.length; ) {
      const part = chunk.subarray(taken, taken + ROOM - this.#carried);
      taken += part.length;
      this.#room.set(part, this.#carried);
      const held = this.#carried + part.length;
      const whole = held - (held % RECORD_LENGTH);
      this.#scan(whole);
      if (whole > 0) await this.#handlers.records(this.#view, whole);
      this.#room.copyWithin(0, whole, held);
      this.#carried = held - whole;
    }
  }

  /** Takes out what is about the child itself. */
  #scan(length: number): void {
    for (let offset = 0; offset < length; offset += RECORD_LENGTH) {
      const type = recordType(this.#view, offset);
      if (type === RecordType.ready) this.#handlers.ready();
      if (type !== RecordType.count) continue;
      const { reason, count } = readCount(this.#view, offset);
      this.counts.set(reason, count);
    }
  }

  #reason(code: number | null, signal: NodeJS.Signals | null): string {
    const complaint = this.#complaint.split('\n')[0]?.trim() ?? '';
    if (code !== null && complaint !== '') return complaint;
    // The binding asserts when a link goes down or is deleted (native-notes/cap.md).
    if (signal === 'SIGABRT') return 'a link went down';
    return signal === null ? `exit code ${code}` : `ended by ${signal}`;
  }
}
