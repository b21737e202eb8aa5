import { Worker } from 'node:worker_threads';
import { programPath } from '../../files/program.ts';
import { EngineError } from '../engine.ts';
import { shown } from '../shown.ts';
import type { Answered, Asked, Entry, RedisRequest, RedisSetup, Terms } from './requests.ts';

/** What the thread may have of memory. It holds one answer at a time. */
const LIMITS = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 16, stackSizeMb: 1 };

/** The thread gives up by itself; after this time beyond that it is ended. */
const GRACE_MS = 2_000;

interface Pending {
  readonly resolve: (entries: readonly Entry[]) => void;
  readonly reject: (error: EngineError) => void;
}

/**
 * The way to the thread that talks with the server. A thread that fails, or does not answer in time, is ended, and the next
 * request starts another one.
 */
export class RedisLink {
  readonly #setup: RedisSetup;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | null = null;
  #nextSeq = 1;

  constructor(setup: RedisSetup) {
    this.#setup = setup;
  }

  /** Rejects with an EngineError when the server does not do it within the time, or when `signal` ends it. */
  ask(request: RedisRequest, terms: Terms, signal: AbortSignal): Promise<readonly Entry[]> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(new EngineError('it was ended', 'undone'));
        return;
      }
      const seq = this.#nextSeq++;
      const limitMs = terms.timeoutMs + GRACE_MS;
      const end = () => this.#end('it was ended');
      const timer = setTimeout(() => this.#end(`it has not answered within ${limitMs} ms`), limitMs);
      const settle =
        <T>(then: (value: T) => void) =>
        (value: T) => {
          clearTimeout(timer);
          signal.removeEventListener('abort', end);
          this.#pending.delete(seq);
          if (this.#pending.size === 0) this.#worker?.unref();
          then(value);
        };
      signal.addEventListener('abort', end, { once: true });
      this.#pending.set(seq, { resolve: settle(resolve), reject: settle(reject) });
      this.#worker ??= this.#start();
      // A program that has nothing else to do waits for the answer, and for nothing but an answer.
      this.#worker.ref();
      this.#worker.postMessage({ seq, request, terms } satisfies Asked);
    });
  }

  /** Ends the thread; nothing is asked after it. */
  close(): void {
    this.#end('it was ended');
  }

  #start(): Worker {
    // What the library prints is no line of a log.
    const worker = new Worker(programPath('redis-worker'), {
      workerData: this.#setup,
      resourceLimits: LIMITS,
      stdout: true,
      stderr: true,
    });
    worker.on('message', (answer: Answered) => this.#answer(answer));
    worker.on('error', (error: Error) => this.#fail(worker, `its client failed: ${shown(error.message)}`));
    worker.on('exit', () => this.#fail(worker, 'its client has ended'));
    return worker;
  }

  #answer(answer: Answered): void {
    const pending = this.#pending.get(answer.seq);
    if ('entries' in answer) pending?.resolve(answer.entries);
    else pending?.reject(new EngineError(answer.message, answer.outcome));
  }

  #end(reason: string): void {
    if (this.#worker !== null) this.#fail(this.#worker, reason);
  }

  #fail(worker: Worker, reason: string): void {
    if (this.#worker !== worker) return;
    this.#worker = null;
    void worker.terminate();
    for (const { reject } of [...this.#pending.values()]) reject(new EngineError(reason, 'unknown'));
  }
}
