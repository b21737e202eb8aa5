import { EngineError } from './engine.ts';

/**
 * The pause after a failure, and the longest one: each failure in a row doubles it. Of each pause the second half is left
 * to chance: hundreds of hosts that an engine has failed at once must not all come back at once.
 */
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 60_000;

/** What a lane says. */
export interface LaneParts {
  /** What does not happen while the lane fails, and what happens again when it does not. */
  readonly what: string;
  readonly again: string;
  readonly tell: (text: string) => void;
  /** A number from 0 to 1, by chance. */
  readonly random: () => number;
}

/** Runs one thing at a time, and after a failure the next one only after a pause. Says a trouble once, and its end. */
export class Lane {
  readonly #parts: LaneParts;
  #running: Promise<void> | null = null;
  #pauseMs = 0;
  #dueMs = 0;
  /** Why the last run failed, in one line; null when it did not. */
  trouble: string | null = null;

  constructor(parts: LaneParts) {
    this.#parts = parts;
  }

  get isBusy(): boolean {
    return this.#running !== null;
  }

  /** Whether the next run may begin. */
  isDue(now: number): boolean {
    return this.#running === null && now >= this.#dueMs;
  }

  /** Runs it; `now` in ms by a clock that does not step. */
  run(now: number, job: () => Promise<void>): void {
    this.#running = job()
      .then(
        () => this.#succeeded(),
        (error: Error) => this.#failed(error, now),
      )
      .finally(() => {
        this.#running = null;
      });
  }

  /** Resolves when nothing runs. */
  async settled(): Promise<void> {
    await this.#running;
  }

  #succeeded(): void {
    this.#pauseMs = 0;
    this.#dueMs = 0;
    if (this.trouble !== null) this.#parts.tell(`${this.#parts.again}.`);
    this.trouble = null;
  }

  #failed(error: Error, now: number): void {
    this.#pauseMs = Math.min(Math.max(FIRST_PAUSE_MS, 2 * this.#pauseMs), MAX_PAUSE_MS);
    this.#dueMs = now + (this.#pauseMs * (1 + this.#parts.random())) / 2;
    const trouble = error instanceof EngineError ? error.message : `internal error: ${error.message}`;
    if (trouble !== this.trouble) this.#parts.tell(`${this.#parts.what}: ${trouble}; it is tried again.`);
    this.trouble = trouble;
  }
}
