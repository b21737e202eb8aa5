import { ENDING } from '../commands/ending.ts';
import type { Failure } from '../commands/failure.ts';

/** Running actions. A scan from many sources must not start more processes than a small host bears. */
const MAX_RUNNING = 8;
/** Waiting actions, so that a flood of forged sources that outruns the blocks takes bounded memory. */
const MAX_QUEUED = 1_024;
/** Running notices, so that slow mails about eight scanners do not delay the block of the ninth. */
const MAX_NOTICES_RUNNING = 4;
/** Waiting notices, so that there is always room for a block. */
const MAX_NOTICES_QUEUED = 512;
/** Waiting blocks of proven sources, beyond MAX_QUEUED: forged ones must not take their room. */
const MAX_PROVEN_QUEUED = 256;

/**
 * The block of a source whose address is `proven` goes before every other one that waits, and a `block` before every
 * `notice`, an external command that blocks no one.
 */
export type Urgency = 'proven' | 'block' | 'notice';

/** Resolves to null when it worked. Must end when the signal aborts, because the daemon is ending. */
export type Action = (signal: AbortSignal) => Promise<Failure>;

interface Waiting {
  readonly key: string;
  readonly urgency: Urgency;
  readonly action: Action;
  readonly settle: (result: Failure | Promise<Failure>) => void;
}

/** Runs a bounded number of actions at once, one at a time for each source. A bounded number waits. */
export class ActionQueue {
  readonly #waiting: Record<Urgency, Waiting[]> = { proven: [], block: [], notice: [] };
  /** The running actions by key. */
  readonly #running = new Map<string, Urgency>();
  readonly #ending = new AbortController();
  #closed = false;
  readonly #idleWaiters: (() => void)[] = [];

  /** How many actions run, and how many wait. */
  get load(): { readonly running: number; readonly queued: number } {
    return { running: this.#running.size, queued: this.#queued };
  }

  /**
   * Runs the action when its turn comes; `key` is the source. Resolves to its result, or to why it never ran.
   * Rejects only if the action does.
   */
  run(key: string, action: Action, urgency: Urgency = 'block'): Promise<Failure> {
    if (this.#closed) return Promise.resolve(ENDING);
    if (!this.#hasRoomFor(urgency)) return Promise.resolve(`too many actions are waiting: ${this.#queued}`);
    return new Promise((settle) => {
      this.#waiting[urgency].push({ key, urgency, action, settle });
      this.#startReady();
    });
  }

  /** Refuses new actions, drops the waiting ones, and gives the running ones up to `waitMs` to end. */
  async drain(waitMs: number): Promise<void> {
    this.#dropWaiting();
    let timer: NodeJS.Timeout | undefined;
    const timeUp = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, waitMs);
    });
    await Promise.race([this.#idle(), timeUp]);
    clearTimeout(timer);
  }

  /** Refuses new actions, drops the waiting ones, and resolves when the running ones were ended by force. */
  async close(): Promise<void> {
    this.#dropWaiting();
    this.#ending.abort();
    await this.#idle();
  }

  get #queued(): number {
    return this.#waiting.proven.length + this.#waiting.block.length + this.#waiting.notice.length;
  }

  #hasRoomFor(urgency: Urgency): boolean {
    if (urgency === 'proven') return this.#waiting.proven.length < MAX_PROVEN_QUEUED;
    if (urgency === 'notice' && this.#waiting.notice.length >= MAX_NOTICES_QUEUED) return false;
    return this.#queued < MAX_QUEUED;
  }

  #startReady(): void {
    for (let next = this.#takeNext(); next !== undefined; next = this.#takeNext()) void this.#start(next);
  }

  /** Removes the first waiting action that may start now, and returns it. */
  #takeNext(): Waiting | undefined {
    if (this.#running.size >= MAX_RUNNING) return undefined;
    const notices = [...this.#running.values()].filter((urgency) => urgency === 'notice').length;
    const urgent = this.#takeFrom('proven') ?? this.#takeFrom('block');
    return urgent ?? (notices < MAX_NOTICES_RUNNING ? this.#takeFrom('notice') : undefined);
  }

  #takeFrom(urgency: Urgency): Waiting | undefined {
    const waiting = this.#waiting[urgency];
    const index = waiting.findIndex(({ key }) => !this.#running.has(key));
    return index < 0 ? undefined : waiting.splice(index, 1)[0];
  }

  async #start({ key, urgency, action, settle }: Waiting): Promise<void> {
    this.#running.set(key, urgency);
    const ended = (async () => action(this.#ending.signal))();
    settle(ended);
    await ended.catch(() => {});
    this.#running.delete(key);
    this.#startReady();
    if (this.#running.size > 0) return;
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }

  #dropWaiting(): void {
    this.#closed = true;
    for (const waiting of Object.values(this.#waiting)) {
      for (const { settle } of waiting.splice(0)) settle(ENDING);
    }
  }

  #idle(): Promise<void> {
    if (this.#running.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }
}
