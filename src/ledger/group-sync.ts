import type { Failure } from '../commands/failure.ts';

/**
 * Runs one sync at a time. All who ask while it runs share the next: it cannot be known how much of what they wrote
 * the running one still covers.
 */
export class GroupSync {
  readonly #sync: () => Promise<Failure>;
  #running: Promise<Failure> | null = null;
  #next: Promise<Failure> | null = null;

  /** `sync` never rejects. */
  constructor(sync: () => Promise<Failure>) {
    this.#sync = sync;
  }

  /** Resolves to what a sync came to that began after the call. */
  run(): Promise<Failure> {
    if (this.#running === null) return this.#start();
    this.#next ??= this.#running.then(() => this.#start());
    return this.#next;
  }

  #start(): Promise<Failure> {
    this.#next = null;
    const running = this.#sync();
    this.#running = running;
    void running.then(() => {
      if (this.#running === running && this.#next === null) this.#running = null;
    });
    return running;
  }
}
