import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Reason } from '../decode/reason.ts';
import { type ChildPlan, RECORDS_FD } from './child-plan.ts';
import { dropCapabilities } from './drop-capabilities.ts';
import { isCounted } from './kernel/rule.ts';
import { killChild } from './kill-child.ts';
import { RECORD_LENGTH, RecordType, readCount, recordRule, recordType } from './record-format.ts';

/** A sensor that has not ended after this time is killed. */
const END_TIME_MS = 300;

/** How much of the sensor's stderr is kept. */
const MAX_COMPLAINT_CHARS = 512;

/** The most octets read at a time: one read of the pipe, and the rest of a record. */
const BUFFER_BYTES = 65_536 + RECORD_LENGTH;

/** A chunk from here on comes from a flood: 256 records, some ms of work. */
const FLOOD_BYTES = 256 * RECORD_LENGTH;

/** What a sensor reports to. */
export interface SensorHandlers {
  /** `length` octets of whole records from the start of `view`; resolves when more may come. */
  records(view: DataView, length: number): Promise<void>;
  /** Every device is open. */
  ready(): void;
  /** It has ended, with its exit code, null when a signal ended it, and the reason in one line. */
  ended(code: number | null, reason: string): void;
}

/** One sensor as the main process sees it, from its start to its end. */
export class SensorProcess {
  /** For how many frames decoding ended for each reason, as the sensor says. */
  readonly counts = new Map<number, number>();
  /** On the clock of the supervisor, in ms. */
  readonly startedAt: number;
  readonly #process: ChildProcess;
  readonly #handlers: SensorHandlers;
  readonly #readsReports: boolean;
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  readonly #view = new DataView(this.#buffer.buffer);
  #carriedBytes = 0;
  /** Records of the kernel's reports that have come. */
  #reports = 0;
  #complaint = '';
  #ending = false;

  constructor(plan: ChildPlan, now: number, handlers: SensorHandlers) {
    this.startedAt = now;
    this.#handlers = handlers;
    this.#readsReports = plan.group !== null;
    const program = fileURLToPath(new URL('./child.js', import.meta.url));
    const [command, ...args] = [...dropCapabilities(), process.execPath, program];
    this.#process = spawn(command as string, args, { stdio: ['pipe', 'ignore', 'pipe', 'pipe'] });
    this.#process.on('error', (error) => handlers.ended(null, error.message));
    this.#process.on('exit', (code, signal) => {
      this.#countRecords();
      handlers.ended(code, this.#reason(code, signal));
    });
    // Without a free descriptor there are no pipes; the error event reports it.
    if (this.#process.stdio === undefined) return;
    this.#process.stderr?.on('data', (text) => {
      this.#complaint = (this.#complaint + text).slice(0, MAX_COMPLAINT_CHARS);
    });
    this.#sendPlan(plan);
    this.#read(this.#process.stdio[RECORDS_FD] as Readable);
  }

  /** Undefined when it could not be started. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Asks the sensor to end, and kills it when it does not; `ended` is called in either case. */
  end(): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#process.stdin?.end();
    const { pid } = this;
    if (pid === undefined) return;
    const timer = setTimeout(() => killChild(pid), END_TIME_MS);
    this.#process.once('exit', () => clearTimeout(timer));
  }

  #sendPlan(plan: ChildPlan): void {
    const input = this.#process.stdin as Writable;
    // The exit reports a sensor that died before it read its plan.
    input.on('error', () => {});
    input.write(`${JSON.stringify(plan)}\n`);
  }

  /**
   * Reads a chunk at a time. Meanwhile the pipe fills and holds up the sensor. After a chunk of a flood the next one
   * waits for the next turn of the event loop, because libuv would read 32 of them before it looks at a timer.
   */
  #read(pipe: Readable): void {
    // The exit reports a sensor whose pipe broke.
    pipe.on('error', () => {});
    const resume = () => pipe.resume();
    pipe.on('data', (chunk: Uint8Array) => {
      pipe.pause();
      // An error here is a bug. It must end the daemon, which would be blind if it did not read on.
      void this.#take(chunk).then(() => (chunk.length < FLOOD_BYTES ? resume() : setImmediate(resume)));
    });
  }

  /**
   * Hands on whole records, and keeps the octets of an incomplete one for the next chunk. Reports are judged a part at a
   * time: in a flood the firewall's answers must not wait for a whole chunk, since the next blocks wait for them.
   */
  async #take(chunk: Uint8Array): Promise<void> {
    const most = this.#readsReports ? FLOOD_BYTES : BUFFER_BYTES;
    for (let taken = 0; taken < chunk.length; ) {
      if (taken > 0) await turn();
      const part = chunk.subarray(taken, taken + most - this.#carriedBytes);
      taken += part.length;
      this.#buffer.set(part, this.#carriedBytes);
      const held = this.#carriedBytes + part.length;
      const whole = held - (held % RECORD_LENGTH);
      this.#scan(whole);
      if (whole > 0) await this.#handlers.records(this.#view, whole);
      this.#buffer.copyWithin(0, whole, held);
      this.#carriedBytes = held - whole;
    }
  }

  /** Takes the records about the sensor itself. */
  #scan(length: number): void {
    for (let offset = 0; offset < length; offset += RECORD_LENGTH) {
      const type = recordType(this.#view, offset);
      if (type === RecordType.ready) this.#handlers.ready();
      if (type === RecordType.probe && isCounted(recordRule(this.#view, offset))) this.#reports++;
      if (type !== RecordType.count) continue;
      const { reason, count } = readCount(this.#view, offset);
      this.counts.set(reason, count);
    }
  }

  /** A sensor that dies has not said what it read in its last second: no less than it has handed over. */
  #countRecords(): void {
    const said = this.counts.get(Reason.none) ?? 0;
    if (this.#reports > said) this.counts.set(Reason.none, this.#reports);
  }

  #reason(code: number | null, signal: NodeJS.Signals | null): string {
    const complaint = this.#complaint.split('\n')[0]?.trim() ?? '';
    if (code !== null && complaint !== '') return complaint;
    // The binding asserts when a link goes down or is deleted (native-notes/cap.md).
    // The binding asserts also when the kernel's buffer of reports ran over (native-notes/kernel.md).
    if (signal === 'SIGABRT') return this.#readsReports ? 'reports came too fast' : 'a link went down';
    return signal === null ? `exit code ${code}` : `ended by ${signal}`;
  }
}
