import type { Failure } from '../commands/failure.ts';

/**
 * Runs one sync at a time. All calls during a sync share the next one, because the running one need not cover what was
 * written since it began.
 */
export class GroupSync {
  readonly #sync: () => Promise<Failure>;
  #running: Promise<Failure> | null = null;
  #next: Promise<Failure> | null = null;

  /** `sync` never rejects. */
  constructor(sync: () => Promise<Failure>) {
    this.#sync = sync;
  }

  /** Resolves to the result of a sync that began after the call. */
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
